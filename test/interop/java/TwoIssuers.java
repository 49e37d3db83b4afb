import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.authentication.JwtIssuerAuthenticationManagerResolver;

/** An API that trusts two issuers, as docs/migrating/side-by-side.md says. Arguments: the issuers. Input: a token in each line. */
class TwoIssuers {
  public static void main(String[] arguments) {
    Map<String, AuthenticationManager> trusted =
        Map.of(arguments[0], trusting(arguments[0]), arguments[1], trusting(arguments[1]));
    var resolver = new JwtIssuerAuthenticationManagerResolver(trusted::get);
    HttpServletRequest request = (HttpServletRequest) Proxy.newProxyInstance(
        TwoIssuers.class.getClassLoader(), new Class<?>[] {HttpServletRequest.class}, (proxy, method, given) -> null);
    for (Scanner tokens = new Scanner(System.in); tokens.hasNextLine(); ) {
      var token = new BearerTokenAuthenticationToken(tokens.nextLine());
      try {
        System.out.println("accepted " + resolver.resolve(request).authenticate(token).getName());
      } catch (AuthenticationException refused) {
        System.out.println("refused");
      }
    }
  }

  private static AuthenticationManager trusting(String issuer) {
    NimbusJwtDecoder decoder = (NimbusJwtDecoder) JwtDecoders.fromIssuerLocation(issuer);
    decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(
        JwtValidators.createDefaultWithIssuer(issuer),
        new JwtClaimValidator<List<String>>("aud", aud -> aud != null && aud.contains("https://orders.example.com"))));
    return new JwtAuthenticationProvider(decoder)::authenticate;
  }
}
