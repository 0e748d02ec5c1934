//! Keys and messages that another program made: OpenSSL 3.0, once. Nobody has the private parts any more.

/// The key of RFC 9449 section 4.1.
pub(crate) const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
/// Modulus of 2048 bits; the exponent is `AQAB`.
pub(crate) const RSA_N: &str = "mcJK-9nvTASqAzvoZ601yY4EHwz8L0tp98RHfjUbPFFW94DHAMAMbki0gCgpUtm-m4p1DP0L8U7Q1H5J03LIhaYaXhqaVMbRx9tJ\
    SiRaSkQ2K_j64yQOHnUO80e9QsntXY7R2tOFSpDDrbjDKfs9qfkEhAYC2uLnzeZQMfLr6Zmeczo7JzKDi07Q1Gog-CKQMFqyh1us\
    OTi2DDTqzH3Rp6QZLaezc3fn6aPjiqDdeDGjwsgHDXQt_Lw2t32sMFRQNXBnd_zakJmQDMFzDCKUzxrphCyuZ-MlibgiBkmP2Vjl\
    j6Wy4O0cz9Job_pF17HxEen7sxGTvbYyWZx8qv82Xw";
/// `{"iss":"a","exp":1800000000}` signed with RS256 by that key.
pub(crate) const RS256_JWS: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIiwiZXhwIjoxODAwMDAwMDAwfQ.NsTgv6Xz-ijnC3VSPn2tzMu52OXmxcM0k4iidI2i\
    EcJseDD9YIg2s5g4NTYJKGwzB6NjhdluW92sYXIDoHsZhDsh79jA2PIxE7fNpCMH0Vrx1Yx1TeEN43_lUxdLcryPM93tGm2lFxdW\
    t56iLebM2_fy1JLAwxp-cgaTHp-fAI9xUiY5LOgdtumMGY7G0pofsWje-Q0ON0zeGMs0LTY077zBuR-Y8tgEBLz14Sa3u0sg895z\
    EMEPAd7LLGlsv1NlNHVeHOFi0cvDe6TreknWFuDcZztZByj-02Hf51sOr_OXSuNWXsjL0z26Iv8VW4FqN9UVNyyYO4wvH8unK__5\
    3A";
/// The same with PS256.
pub(crate) const PS256_JWS: &str = "eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJhIiwiZXhwIjoxODAwMDAwMDAwfQ.TihcHoAIRIspxLGEmtco-3eQV5WbYxJpIOmK7Pos\
    OasWgiJq3l500YfiJb2EdK9lWMpzNxI1f8Px2qjs09hcOb33y9jTD_g0wFOMMi-Bn4uaq8T4ng9Ggx3wU1eogP1KhRPLDMGUz_d_\
    y9FR4ISg9qxSvol1PqNDnq1UeDouhqcTq6vbtgia7i2ZFn2S_bPfBtuE2XiBLRSxXnHcuATN_ECvp0TLFAK-ot9o056e6BBuqL14\
    Ek57t-kDRtcq4RnUQHZWE01HYIcaN6qrDFQnuGxLIQcH6FJwUVvuhUIKMzcgwBBqzXKRX2vFZckMS8zCwNIYwd4j0A0apPeTPKGH\
    Tg";
