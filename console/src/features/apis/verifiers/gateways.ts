import { word } from '../../../shared/snippets/target.ts'
import { each, pathOf, q, type Verifier } from './facts.ts'

/** Configurations of proxies in front of a service. */
export const gatewayVerifiers: readonly Verifier[] = [
  {
    name: 'Envoy',
    file: 'envoy.yaml',
    code: ({ issuer, jwks, audience, claim, isList, scopes }) => `http_filters:
  - name: envoy.filters.http.jwt_authn
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
      providers:
        tessera:
          issuer: ${q(issuer)}
          audiences: [${q(audience)}]
          payload_in_metadata: claims
          remote_jwks:
            http_uri: { uri: ${q(jwks)}, cluster: tessera, timeout: 5s }
      rules: # Any other path needs no token here, and is refused below.
${each(scopes, (one) => `        - { match: { path: "${pathOf(one)}" }, requires: { provider_name: tessera } }`)}
  - name: envoy.filters.http.rbac
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
      rules:
        policies:
${each(
  scopes,
  (one) => `          ${q(one)}:
            permissions: [{ url_path: { path: { exact: "${pathOf(one)}" } } }]
            principals:
              - metadata:
                  filter: envoy.filters.http.jwt_authn
                  path: [{ key: claims }, { key: ${q(claim)} }]
                  value: ${isList ? `{ list_match: { one_of: { string_match: { exact: ${q(one)} } } } }` : `{ string_match: { safe_regex: { regex: ${q(`(.* )?${one.replaceAll(/[^\w-]/g, '\\$&')}( .*)?`)} } } }`}`,
)}
  - name: envoy.filters.http.router
    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }`,
  },
  {
    name: 'Kong',
    file: 'kong.yaml',
    code: ({ issuer, audience, claim, scopes }) => `_format_version: "3.0"
services:
  - name: orders
    url: http://127.0.0.1:8080
    routes:
${each(
  scopes,
  (one) => `      - name: ${pathOf(one).slice(1)}
        paths: ["${pathOf(one)}"]
        plugins:
          - name: openid-connect # of Kong Enterprise
            config:
              issuer: ${q(issuer)}
              auth_methods: [bearer]
              audience_claim: [aud]
              audience_required: [${q(audience)}]
              scopes_claim: [${claim}]
              scopes_required: [${q(one)}]`,
)}`,
  },
  {
    name: 'nginx',
    file: 'nginx.conf',
    code: ({
      issuer,
      audience,
      algorithm,
      scopes,
    }) => `# oauth2-proxy checks issuer, audience, expiry and signature. It must run beside nginx:
#   oauth2-proxy --http-address=127.0.0.1:4180 --upstream=static://202 --skip-jwt-bearer-tokens=true
#     --provider=oidc --oidc-issuer-url=${word(issuer)} --client-id=${word(audience)}
#     --oidc-enabled-signing-alg=${algorithm} --oidc-email-claim=sub --email-domain='*'
#     --client-secret=none --cookie-secret="$(openssl rand -hex 16)"
location = /check {
  internal;
  proxy_pass http://127.0.0.1:4180/oauth2/auth;
  proxy_pass_request_body off;
  proxy_set_header Content-Length "";
}
error_page 401 @challenge;
location @challenge {
  set $challenge 'Bearer';
  if ($http_authorization) { set $challenge 'Bearer error="invalid_token"'; }
  add_header WWW-Authenticate $challenge always;
  return 401;
}
# nginx reads no claims: the service behind it checks the scope of each route.
${each(scopes, (one) => `location = ${pathOf(one)} { auth_request /check; proxy_pass http://127.0.0.1:8080; } # ${one}`)}`,
  },
]
