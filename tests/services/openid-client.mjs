// An online service written with panva's openid-client. Settings come as one JSON line on standard input; it says on
// standard output, as JSON lines, when it is ready and what it was told by the provider.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as jose from "jose";
import * as oidc from "openid-client";

const say = (event) => console.log(JSON.stringify(event));
const [line] = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", (...all) => resolve(all)));
const settings = JSON.parse(line);

if (settings.generate) {
    const { privateKey, publicKey } = await jose.generateKeyPair(settings.generate, { extractable: true });
    const kid = await jose.calculateJwkThumbprint(await jose.exportJWK(publicKey));
    const marks = { kid, alg: settings.generate, use: "sig" };
    say({
        private: { ...(await jose.exportJWK(privateKey)), ...marks },
        public: { ...(await jose.exportJWK(publicKey)), ...marks },
    });
    process.exit(0);
}

// issuer, client_id, port; secret or private_key; par, dpop, id_token_alg, scope.
const issuer = new URL(settings.issuer);
const authenticate = async () => {
    if (!settings.private_key) return oidc.ClientSecretBasic(settings.secret);
    const { kid, alg } = settings.private_key;
    return oidc.PrivateKeyJwt({ key: await jose.importJWK(settings.private_key, alg), kid });
};
const metadata = {
    id_token_signed_response_alg: settings.id_token_alg ?? "ES256",
    use_mtls_endpoint_aliases: false,
};
const config = await oidc.discovery(issuer, settings.client_id, metadata, await authenticate(), {
    // Signatures are verified although the ID token comes over a connection of our own.
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
});
const dpop = settings.dpop
    ? { DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256")) }
    : undefined;
const redirect_uri = `http://127.0.0.1:${settings.port}/callback`;
const scope = settings.scope ?? "openid";

const pending = new Map();
let tokens;

const login = async (url) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    pending.set(state, { verifier, nonce });
    const parameters = {
        redirect_uri,
        scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...Object.fromEntries(url.searchParams),
    };
    return settings.par
        ? oidc.buildAuthorizationUrlWithPAR(config, parameters, dpop)
        : oidc.buildAuthorizationUrl(config, parameters);
};

const callback = async (url) => {
    const { verifier, nonce } = pending.get(url.searchParams.get("state"));
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: url.searchParams.get("state"), idTokenExpected: true };
    tokens = await oidc.authorizationCodeGrant(config, url, checks, undefined, dpop);
    const claims = tokens.claims();
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, dpop);
    const header = jose.decodeProtectedHeader(tokens.id_token);
    return { claims, userinfo, header, token_type: tokens.token_type, refreshable: Boolean(tokens.refresh_token) };
};

const refresh = async () => {
    tokens = { ...tokens, ...(await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, dpop)) };
    return { token_type: tokens.token_type };
};

const userinfo = async () => oidc.fetchUserInfo(config, tokens.access_token, oidc.skipSubjectCheck, dpop);

// OpenID Connect Back-Channel Logout 1.0, section 2.6, with jose and not with the provider's own words.
const backchannel = async (request) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
    const token = new URLSearchParams(body).get("logout_token");
    const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: settings.client_id,
        typ: "logout+jwt",
        requiredClaims: ["iat", "exp", "jti", "events"],
    });
    say({ event: "backchannel", payload, header: protectedHeader });
};

// The answer is there before its head is sent.
const tell = (response, told) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));

const answers = {
    "/login": async (url, response) => {
        response.writeHead(303, { location: (await login(url)).href }).end();
    },
    "/callback": async (url, response) => {
        const told = await callback(url);
        tell(response, told);
    },
    "/refresh": async (url, response) => {
        tell(response, await refresh());
    },
    "/userinfo": async (url, response) => {
        tell(response, await userinfo());
    },
    "/revoke": async (url, response) => {
        await oidc.tokenRevocation(config, tokens.access_token);
        response.writeHead(204).end();
    },
    "/introspect": async (url, response) => {
        const told = await oidc.tokenIntrospection(config, tokens.access_token);
        tell(response, told);
    },
    "/logout": async (url, response) => {
        const parameters = { post_logout_redirect_uri: `http://127.0.0.1:${settings.port}/bye`, id_token_hint: tokens.id_token, state: "over" };
        response.writeHead(303, { location: oidc.buildEndSessionUrl(config, parameters).href }).end();
    },
    "/bye": async (url, response) => {
        tell(response, { state: url.searchParams.get("state") });
    },
    "/backchannel": async (url, response, request) => {
        await backchannel(request);
        response.writeHead(200, { "cache-control": "no-store" }).end();
    },
};

createServer(async (request, response) => {
    const url = new URL(request.url, `http://127.0.0.1:${settings.port}`);
    try {
        const answer = answers[url.pathname];
        if (answer) await answer(url, response, request);
        else response.writeHead(404).end();
    } catch (error) {
        // What a service knows of a failure: OAuth's words, or why it refuses the answer.
        const told = { error: error.error ?? error.code ?? String(error), error_description: error.error_description ?? error.message };
        response.writeHead(error.error ? 400 : 500, { "content-type": "application/json" }).end(JSON.stringify(told));
    }
}).listen(settings.port, "127.0.0.1", () => say({ event: "ready" }));
