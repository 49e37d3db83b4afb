import org.springframework.security.oauth2.client.endpoint.OAuth2ClientCredentialsGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.jwt.JwtDecoders;

/** A Spring Boot client and a resource server, each configured by its issuer-uri alone. Arguments: issuer, id, secret, scope. */
class Discover {
  public static void main(String[] arguments) {
    String issuer = arguments[0];
    ClientRegistration.Builder found = ClientRegistrations.fromIssuerLocation(issuer);
    System.out.println("oidc " + ClientRegistrations.fromOidcIssuerLocation(issuer).clientId("x").build().getProviderDetails().getTokenUri());
    ClientRegistration client = found
        .clientId(arguments[1])
        .clientSecret(arguments[2])
        .scope(arguments[3])
        .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
        .build();
    String token = new RestClientClientCredentialsTokenResponseClient()
        .getTokenResponse(new OAuth2ClientCredentialsGrantRequest(client))
        .getAccessToken()
        .getTokenValue();
    System.out.println("verified " + JwtDecoders.fromIssuerLocation(issuer).decode(token).getSubject());
  }
}
