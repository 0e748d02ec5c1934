//! Apache with Debian's mod_auth_openidc, in front of one page that shows the claims.

use std::fmt::Write as _;
use std::path::Path;

use madoguchi_demo::{Child, Program};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A running Apache.
pub struct Apache {
    child: Child,
    // Kept for its files; dropped after the program.
    _folder: TempDir,
    port: u16,
}

impl Apache {
    /// Starts it on `port`, as the client `id` of `issuer`. `settings` are more lines of mod_auth_openidc.
    pub async fn start(port: u16, issuer: &str, id: &str, secret: &str, settings: &str) -> Self {
        let modules = Path::new("/usr/lib/apache2/modules");
        assert!(
            modules.join("mod_auth_openidc.so").is_file(),
            "Apache with mod_auth_openidc is not installed; run script/setup test"
        );
        let folder = tempfile::tempdir().expect("a folder for Apache");
        let site = folder.path().join("site");
        std::fs::create_dir(&site).expect("a folder for the page");
        std::fs::write(site.join("claims.shtml"), PAGE).expect("the page");
        std::fs::write(site.join("bye.html"), "<p id=\"bye\">bye</p>").expect("the other page");
        let mut text = String::new();
        for name in MODULES {
            let _ = writeln!(
                text,
                "LoadModule {name}_module {}",
                modules.join(format!("mod_{name}.so")).display()
            );
        }
        let _ = write!(
            text,
            r#"ServerRoot "{root}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:info
DocumentRoot "{site}"
TypesConfig /dev/null
AddType text/html .shtml .html
AddOutputFilter INCLUDES .shtml

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {id}
OIDCClientSecret {secret}
OIDCRedirectURI http://127.0.0.1:{port}/callback
OIDCCryptoPassphrase {secret}-passphrase
OIDCPKCEMethod S256
OIDCPassClaimsAs environment
OIDCRemoteUserClaim sub
OIDCDefaultURL http://127.0.0.1:{port}/bye.html
{settings}

# RFC 9207 puts iss into errors too; mod_auth_openidc takes an answer with iss and without code for a third party's wish
# to start a sign-in, and would start one again and again.
RewriteEngine On
RewriteCond %{{QUERY_STRING}} ^(error=.*)&iss=[^&]*$
RewriteRule ^/callback$ /callback?%1 [NE]

<Directory "{site}">
    Options +Includes
</Directory>
<Location /claims.shtml>
    AuthType openid-connect
    Require valid-user
</Location>
<Location /callback>
    AuthType openid-connect
    Require valid-user
</Location>
"#,
            root = folder.path().display(),
            site = site.display(),
        );
        let configuration = folder.path().join("apache.conf");
        std::fs::write(&configuration, text).expect("the configuration");
        // Apache refuses to serve as root, and this may be root: in a user namespace it is not, and the folder is still ours.
        let mut child = Program::new("apache", "unshare")
            .args(["--user", "--map-user=33", "--map-group=33", "--", "setpriv", "--pdeathsig", "TERM", "--"])
            .args(["apache2", "-DFOREGROUND", "-f"])
            .arg(&configuration)
            .spawn(folder.path())
            .expect("Apache starts");
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert_eq!(child.ended(), None, "{}", child.log_end());
            tokio::task::yield_now().await;
        }
        Self { child, _folder: folder, port }
    }

    /// The page that needs a sign-in.
    pub fn page(&self) -> String {
        format!("http://127.0.0.1:{}/claims.shtml", self.port)
    }

    /// The address that ends the session at Apache and at the provider, and leads to a page of Apache.
    pub fn logout(&self) -> String {
        let back: String = url::form_urlencoded::byte_serialize(self.after_logout().as_bytes()).collect();
        format!("http://127.0.0.1:{}/callback?logout={back}", self.port)
    }

    /// Where the browser is led after signing out.
    pub fn after_logout(&self) -> String {
        format!("http://127.0.0.1:{}/bye.html", self.port)
    }

    /// The last lines of its log.
    pub fn log_end(&self) -> String {
        self.child.log_end()
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.child.stop().await;
        // Whoever comes next may want the port.
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

const MODULES: [&str; 9] = [
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "mime",
    "include",
    "env",
    "rewrite",
    "auth_openidc",
];

/// Server-side includes print what the module put into the environment.
const PAGE: &str = r#"<dl>
<dt>user</dt><dd id="user"><!--#echo var="REMOTE_USER" --></dd>
<dt>sub</dt><dd id="sub"><!--#echo var="OIDC_CLAIM_sub" --></dd>
<dt>iss</dt><dd id="iss"><!--#echo var="OIDC_CLAIM_iss" --></dd>
<dt>acr</dt><dd id="acr"><!--#echo var="OIDC_CLAIM_acr" --></dd>
<dt>auth_time</dt><dd id="auth-time"><!--#echo var="OIDC_CLAIM_auth_time" --></dd>
</dl>
"#;
