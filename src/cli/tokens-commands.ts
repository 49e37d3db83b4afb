import type { Command } from 'commander'
import { REASON } from './command-options.ts'

/** Adds the commands that get and revoke tokens. */
export function addTokens(program: Command): void {
  program
    .command('token')
    .description('get an access token')
    .requiredOption('--issuer <url>', 'the authorization server')
    .requiredOption('--client-id <id>', 'the client')
    .option(
      '--secret-env <name>',
      'the environment variable with the client secret; by default it is read from standard input',
    )
    .option('--secret-file <file>', 'the file with the client secret')
    .option(
      '--auth-method <method>',
      'the registered name of the method; by default, the one that the other options imply',
    )
    .option('--key <file>', 'the private key, PEM or JWK: for private_key_jwt, or with --cert for mutual TLS')
    .option('--alg <alg>', 'the algorithm of the key')
    .option('--kid <kid>', 'the key id in the assertion')
    .option('--cert <file>', 'the client certificate and its chain, PEM')
    .option('--assertion-file <file>', 'the token of a platform; - reads standard input')
    .option('--from <platform>', 'get the token of the platform: github, gitlab or kubernetes')
    .option('--dpop <key>', 'bind the token by a DPoP proof: new, or the file of a private key')
    .option('--scope <scope>', 'the scopes to ask for, separated by spaces')
    .option('--resource <uri...>', 'the API that the token is for (RFC 8707)')
    .option('--ca <file>', 'certificates to trust in addition to the default ones, PEM')
    .option('--decode', 'print the content of the token')
    .option('--json', 'print the unchanged response; with --decode, add the content of the token')
    .option('--curl', 'print the equivalent curl command, and request no token')
    .action(async (options) => (await import('./token.ts')).token(options))

  program
    .command('revoke')
    .description('revoke one token, or every token issued so far to a client, for an API, or under a key')
    .option('--token', 'the token on standard input')
    .option('--jti <id>', 'the token with this jti, which is the id of the request that issued it')
    .option('--client <id>', 'every token issued to this client')
    .option('--api <audience>', 'every token issued for this API')
    .option('--key <kid>', 'every token issued under this key')
    .option('--yes', 'do not ask, but do it')
    .option('-c, --config <file>', 'the configuration that names the database')
    .option(...REASON)
    .action(async (options) => (await import('./revoke.ts')).revoke(options))
}
