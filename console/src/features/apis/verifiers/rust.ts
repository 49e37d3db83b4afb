import { each, pathOf, q, type Verifier } from './facts.ts'

/** Code for a service in Rust, with axum, jsonwebtoken and reqwest. */
export const rustAxum: Verifier = {
  name: 'Rust axum',
  file: 'main.rs',
  code: ({ issuer, jwks, audience, typ, algorithm, claim, isList, scopes }) => `use axum::extract::Request;
use axum::http::{header, HeaderMap, StatusCode};
use axum::middleware::{from_fn, Next};
use axum::response::{IntoResponse, Response};
use axum::{routing::get, Router};
use jsonwebtoken::{decode, decode_header, jwk::JwkSet, Algorithm, DecodingKey, Validation};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

#[derive(serde::Deserialize)]
struct Claims {
    #[serde(default)]
    ${claim}: ${isList ? 'Vec<String>' : 'String'},
}

static KEYS: Mutex<Option<(JwkSet, Instant)>> = Mutex::const_new(None);

/// A key of the server. The keys are fetched again if it is not among them, at most twice a minute.
async fn key_of(kid: &str) -> Option<DecodingKey> {
    let mut keys = KEYS.lock().await;
    let is_stale = |(set, at): &(JwkSet, Instant)| set.find(kid).is_none() && at.elapsed() > Duration::from_secs(30);
    if keys.as_ref().is_none_or(is_stale) {
        let set = reqwest::get(${q(jwks)}).await.ok()?.error_for_status().ok()?.json().await.ok()?;
        *keys = Some((set, Instant::now()));
    }
    DecodingKey::from_jwk(keys.as_ref()?.0.find(kid)?).ok()
}

async fn scopes_of(token: &str) -> Option<Vec<String>> {
    let header = decode_header(token).ok()?;
    if header.typ.as_deref() != Some(${q(typ)}) {
        return None;
    }
    let key = key_of(&header.kid?).await?;
    let mut rules = Validation::new(Algorithm::${algorithm});
    rules.set_issuer(&[${q(issuer)}]);
    rules.set_audience(&[${q(audience)}]);
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    let claims = decode::<Claims>(token, &key, &rules).ok()?.claims;
    Some(${isList ? `claims.${claim}` : `claims.${claim}.split(' ').map(str::to_owned).collect()`})
}

/// The status and the challenge (RFC 6750 §3) of a request that may not do what needs a scope.
async fn refusal(headers: &HeaderMap, scope: &str) -> Option<(StatusCode, String)> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    let Some(("Bearer" | "bearer", token)) = given.split_once(' ') else {
        return Some((StatusCode::UNAUTHORIZED, "Bearer".to_owned()));
    };
    match scopes_of(token).await {
        None => Some((StatusCode::UNAUTHORIZED, r#"Bearer error="invalid_token""#.to_owned())),
        Some(scopes) if scopes.iter().any(|one| one == scope) => None,
        _ => Some((StatusCode::FORBIDDEN, format!(r#"Bearer error="insufficient_scope", scope="{scope}""#))),
    }
}

async fn guard(scope: &'static str, request: Request, next: Next) -> Response {
    match refusal(request.headers(), scope).await {
        Some((status, challenge)) => (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response(),
        None => next.run(request).await,
    }
}

#[tokio::main]
async fn main() {
    let app = Router::new()
${each(scopes, (one) => `        .route("${pathOf(one)}", get(|| async { "{}" }).layer(from_fn(|request, next| guard(${q(one)}, request, next))))`)};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.expect("the port is free");
    axum::serve(listener, app).await.expect("the server runs");
}`,
}
