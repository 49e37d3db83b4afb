import { each, pathOf, q, type Verifier } from './facts.ts'
import { rustAxum } from './rust.ts'

/** Code for services in compiled languages. */
export const serviceVerifiers: readonly Verifier[] = [
  {
    name: 'Go',
    file: 'main.go',
    code: ({ issuer, audience, algorithm, claim, isList, scopes }) => `package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	provider, err := oidc.NewProvider(context.Background(), ${q(issuer)})
	if err != nil {
		log.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: ${q(audience)}, SupportedSigningAlgs: []string{${q(algorithm)}}})

	// refusal is the status and the challenge (RFC 6750 §3) of a request that may not do what needs a scope.
	refusal := func(r *http.Request, scope string) (int, string) {
		kind, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") {
			return http.StatusUnauthorized, "Bearer"
		}
		var claims struct {
			Scopes ${isList ? '[]string' : 'string'} \`json:"${claim}"\`
		}
		token, err := verifier.Verify(r.Context(), raw)
		if err != nil || token.Claims(&claims) != nil {
			return http.StatusUnauthorized, \`Bearer error="invalid_token"\`
		}
		if !slices.Contains(${isList ? 'claims.Scopes' : 'strings.Fields(claims.Scopes)'}, scope) {
			return http.StatusForbidden, fmt.Sprintf(\`Bearer error="insufficient_scope", scope="%s"\`, scope)
		}
		return 0, ""
	}
	needs := func(scope string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if status, challenge := refusal(r, scope); status != 0 {
				w.Header().Set("WWW-Authenticate", challenge)
				w.WriteHeader(status)
				return
			}
			next(w, r)
		}
	}
	handler := func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "{}") }
${each(scopes, (one) => `	http.HandleFunc("GET ${pathOf(one)}", needs(${q(one)}, handler))`)}
	log.Fatal(http.ListenAndServe(":3000", nil))
}`,
  },
  {
    name: 'Spring',
    file: 'SecurityConfig.java',
    code: ({
      issuer,
      audience,
      scopes,
    }) => `// Choose the verifier spring-security on the tab Token. In application.yaml:
//   spring.security.oauth2.resourceserver.jwt:
//     issuer-uri: ${q(issuer)}
//     audiences: [${q(audience)}]
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.web.SecurityFilterChain;

@Configuration
@EnableWebSecurity
class SecurityConfig {
  @Bean
  SecurityFilterChain chain(HttpSecurity http) throws Exception {
    return http
        .authorizeHttpRequests(routes -> routes
${each(scopes, (one) => `            .requestMatchers("${pathOf(one)}").hasAuthority(${q(`SCOPE_${one}`)})`)}
            .anyRequest().denyAll())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .build();
  }
}`,
  },
  {
    name: 'ASP.NET',
    file: 'Program.cs',
    code: ({ issuer, audience, typ, claim, isList, scopes }) => `using Microsoft.AspNetCore.Authentication.JwtBearer;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAuthentication().AddJwtBearer(options =>
{
    options.Authority = ${q(issuer)};
    options.Audience = ${q(audience)};
    options.MapInboundClaims = false;
    options.TokenValidationParameters.ValidTypes = [${q(typ)}];
    options.Events = new JwtBearerEvents
    {
        OnForbidden = context =>
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\\"insufficient_scope\\"";
            return Task.CompletedTask;
        },
    };
});
var authorization = builder.Services.AddAuthorizationBuilder();
foreach (var scope in new[] { ${scopes.map(q).join(', ')} })
    authorization.AddPolicy(scope, policy => policy.RequireAssertion(context =>
        ${isList ? `context.User.HasClaim(${q(claim)}, scope)` : `(context.User.FindFirst(${q(claim)})?.Value ?? "").Split(' ').Contains(scope)`}));

var app = builder.Build();
${each(scopes, (one) => `app.MapGet("${pathOf(one)}", () => Results.Ok()).RequireAuthorization(${q(one)});`)}
app.Run("http://localhost:3000");`,
  },
  rustAxum,
]
