//! Extractors: which municipality, and what a browser said about itself.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};

use madoguchi_oidc::AuthorizationRequest;
use madoguchi_protocol::{ErrorCode, Lang};

use crate::failure::PageFailure;
use crate::municipality::{Municipality, Service};
use crate::page::Frame;
use crate::state::Gateway;

/// The municipality whose authority is in `Host`, octet by octet. Another `Host`, several or none: 421 (RFC 9110
/// section 15.5.20), the same for every path.
pub(crate) struct Tenant {
    pub(crate) municipality: Arc<Municipality>,
    pub(crate) lang: Lang,
    pub(crate) test_trust: bool,
}

impl Tenant {
    /// The frame of a page in the browser's language.
    pub(crate) fn frame(&self) -> Frame {
        self.frame_in(self.lang)
    }

    /// The frame of a page in another language.
    pub(crate) fn frame_in(&self, lang: Lang) -> Frame {
        let accent = self.municipality.accent.is_some();
        let logo = self.municipality.logo.clone();
        Frame { accent, logo, ..Frame::new(lang, self.municipality.name.get(lang), self.test_trust) }
    }

    /// The service that may be answered about a request that was checked before. The page says so where there is none: no
    /// address is known to be right then.
    pub(crate) async fn service_to_answer(
        &self,
        gateway: &Gateway,
        request: &AuthorizationRequest,
    ) -> Result<Arc<Service>, PageFailure> {
        let service = gateway.service(&self.municipality, &request.client_id).await;
        let service = service.ok_or_else(|| self.failure(ErrorCode::ClientUnknown))?;
        if service.may_be_answered(request) {
            Ok(service)
        } else {
            Err(self.failure(ErrorCode::RedirectUriUnregistered))
        }
    }
}

impl FromRequestParts<Gateway> for Tenant {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let misdirected = || StatusCode::MISDIRECTED_REQUEST.into_response();
        let host = host.filter(|_| hosts.next().is_none()).ok_or_else(misdirected)?;
        let municipality = gateway.municipality(host).await.ok_or_else(misdirected)?;
        let wishes = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let wishes =
            wishes.unwrap_or_default().split(',').map(|wish| wish.split(';').next().unwrap_or("").trim());
        Ok(Self { municipality, lang: Lang::choose(wishes), test_trust: gateway.0.trust.danger_test_trust })
    }
}

/// Where a request comes from.
pub(crate) struct Network {
    /// The network prefix of the peer, for the bounds on open sign-ins: an IPv4 address, or the first 56 bits of an IPv6
    /// address (what one home gets).
    pub(crate) prefix: String,
    /// The whole address.
    pub(crate) address: Option<IpAddr>,
}

impl<S: Send + Sync> FromRequestParts<S> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let prefix = match address {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{:x}", d & 0xff00)
            }
        };
        Ok(Self { prefix, address })
    }
}
