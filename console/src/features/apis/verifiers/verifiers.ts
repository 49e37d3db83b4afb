import { each, type Facts, pathOf, q, single, type Verifier } from './facts.ts'
import { nodeVerifiers } from './node.ts'

const pyjwt = ({ issuer, jwks, audience, algorithm, claim, isList }: Facts): string =>
  `import jwt

keys = jwt.PyJWKClient(${q(jwks)})

def scopes_of(token):
    key = keys.get_signing_key_from_jwt(token).key
    claims = jwt.decode(token, key, algorithms=[${q(algorithm)}], audience=${q(audience)}, issuer=${q(issuer)})
    return ${isList ? `claims.get(${q(claim)}, [])` : `claims.get(${q(claim)}, "").split()`}
`

/** Code for each framework, with the scope of each route. */
export const verifiers: readonly Verifier[] = [
  ...nodeVerifiers,
  {
    name: 'FastAPI',
    code: (facts) => `${pyjwt(facts)}
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBearer

app = FastAPI()

def needs(scope):
    def check(bearer=Depends(HTTPBearer())):
        try:
            scopes = scopes_of(bearer.credentials)
        except jwt.PyJWTError:
            raise HTTPException(401)
        if scope not in scopes:
            raise HTTPException(403)
    return Depends(check)

${each(facts.scopes, (one) => `@app.get("${pathOf(one)}", dependencies=[needs(${q(one)})])\ndef ${pathOf(one).slice(1).replaceAll('-', '_')}_route():\n    return {}\n`)}`,
  },
  {
    name: 'Flask',
    code: (facts) => `${pyjwt(facts)}
from functools import wraps
from flask import Flask, abort, request

app = Flask(__name__)

def needs(scope):
    def wrap(view):
        @wraps(view)
        def check(*args, **kwargs):
            try:
                scopes = scopes_of(request.headers.get("Authorization", "")[7:])
            except jwt.PyJWTError:
                abort(401)
            if scope not in scopes:
                abort(403)
            return view(*args, **kwargs)
        return check
    return wrap

${each(facts.scopes, (one) => `@app.get("${pathOf(one)}")\n@needs(${q(one)})\ndef ${pathOf(one).slice(1).replaceAll('-', '_')}_route():\n    return {}\n`)}`,
  },
  {
    name: 'Go',
    code: ({
      issuer,
      audience,
      algorithm,
      claim,
      isList,
      scopes,
    }) => `provider, err := oidc.NewProvider(ctx, ${q(issuer)}) // github.com/coreos/go-oidc/v3/oidc
if err != nil {
	log.Fatal(err)
}
verifier := provider.Verifier(&oidc.Config{ClientID: ${q(audience)}, SupportedSigningAlgs: []string{${q(algorithm)}}})

needs := func(scope string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := verifier.Verify(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		var claims struct {
			Scopes ${isList ? '[]string' : 'string'} \`json:"${claim}"\`
		}
		if err != nil || token.Claims(&claims) != nil {
			w.WriteHeader(http.StatusUnauthorized)
		} else if !slices.Contains(${isList ? 'claims.Scopes' : 'strings.Fields(claims.Scopes)'}, scope) {
			w.WriteHeader(http.StatusForbidden)
		} else {
			next(w, r)
		}
	}
}
${each(scopes, (one) => `http.HandleFunc("GET ${pathOf(one)}", needs(${q(one)}, handler))`)}`,
  },
  {
    name: 'Spring',
    code: ({ issuer, audience, scopes }) => `# application.yaml; choose the verifier spring-security on the tab Token
spring.security.oauth2.resourceserver.jwt:
  issuer-uri: ${q(issuer)}
  audiences: [${q(audience)}]

// SecurityConfig.java
@Bean
SecurityFilterChain chain(HttpSecurity http) throws Exception {
  return http
      .authorizeHttpRequests(routes -> routes
${each(scopes, (one) => `          .requestMatchers("${pathOf(one)}").hasAuthority(${q(`SCOPE_${one}`)})`)}
          .anyRequest().denyAll())
      .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
      .build();
}`,
  },
  {
    name: 'ASP.NET',
    code: ({
      issuer,
      audience,
      typ,
      claim,
      isList,
      scopes,
    }) => `builder.Services.AddAuthentication().AddJwtBearer(options =>
{
    options.Authority = ${q(issuer)};
    options.Audience = ${q(audience)};
    options.TokenValidationParameters.ValidTypes = [${q(typ)}];
});
var authorization = builder.Services.AddAuthorizationBuilder();
foreach (var scope in new[] { ${scopes.map(q).join(', ')} })
    authorization.AddPolicy(scope, policy => policy.RequireAssertion(context =>
        ${isList ? `context.User.HasClaim(${q(claim)}, scope)` : `(context.User.FindFirst(${q(claim)})?.Value ?? "").Split(' ').Contains(scope)`}));

var app = builder.Build();
${each(scopes, (one) => `app.MapGet("${pathOf(one)}", () => Results.Ok()).RequireAuthorization(${q(one)});`)}`,
  },
  {
    name: 'Rust axum',
    code: ({
      issuer,
      jwks,
      audience,
      algorithm,
      claim,
      isList,
      scopes,
    }) => `// Fetch ${jwks} with reqwest, and again when a token names an unknown kid.
fn scopes_of(token: &str, keys: &JwkSet) -> Option<Vec<String>> {
    let kid = decode_header(token).ok()?.kid?; // jsonwebtoken
    let key = DecodingKey::from_jwk(keys.find(&kid)?).ok()?;
    let mut rules = Validation::new(Algorithm::${algorithm});
    rules.set_issuer(&[${q(issuer)}]);
    rules.set_audience(&[${q(audience)}]);
    let claims = decode::<Claims>(token, &key, &rules).ok()?.claims;
    Some(${isList ? `claims.${claim}` : `claims.${claim}.split(' ').map(str::to_owned).collect()`})
}

let app = Router::new()
${each(scopes, (one) => `    .route("${pathOf(one)}", get(handler).layer(needs(${q(one)})))`)};`,
  },
  {
    name: 'Envoy',
    code: ({ issuer, jwks, audience, claim, scopes }) => `name: envoy.filters.http.jwt_authn
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
  providers:
    tessera:
      issuer: ${q(issuer)}
      audiences: [${q(audience)}]
      payload_in_metadata: claims
      remote_jwks:
        http_uri: { uri: ${q(jwks)}, cluster: tessera, timeout: 5s }
  rules:
${each(scopes, (one) => `    - match: { prefix: "${pathOf(one)}" } # ${one}: check the claim ${claim} with the RBAC filter\n      requires: { provider_name: tessera }`)}`,
  },
  {
    name: 'nginx',
    code: ({
      issuer,
      audience,
      scopes,
    }) => `# oauth2-proxy checks issuer, audience, expiry and signature; choose the verifier oauth2-proxy on the tab Token:
#   oauth2-proxy --http-address=127.0.0.1:4180 --skip-jwt-bearer-tokens=true --oidc-email-claim=sub
#     --extra-jwt-issuers=${single(`${issuer}=${audience}`)} …
location = /check {
  internal;
  proxy_pass http://127.0.0.1:4180/oauth2/auth;
  proxy_pass_request_body off;
  proxy_set_header Content-Length "";
}
# nginx reads no claims: the service behind it checks the scope of each route.
${each(scopes, (one) => `location = ${pathOf(one)} { auth_request /check; proxy_pass http://127.0.0.1:8080; } # ${one}`)}`,
  },
]
