import type { Command } from 'commander'
import { CONFIG, JSON_OUTPUT } from './command-options.ts'

/** Adds the commands that answer questions about requests, usage and tokens. */
export function addAnswers(program: Command): void {
  program
    .command('explain [request-id...]')
    .description(
      'explain the result of a request and how to mend it, given its id or text that holds it; - reads standard input',
    )
    .option('--client <id>', 'the last refused requests of this client')
    .option('--last [count]', 'with --client: the number of requests, 1 by default')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (words, options) => (await import('./explain.ts')).explain(words.join(' '), options))

  program
    .command('usage')
    .description('print how many tokens were issued, and how many requests for tokens were refused')
    .option('--client <id>', 'only this client, with its APIs and credentials')
    .option('--api <audience>', 'only this API')
    .option('--credential <id>', 'only this credential')
    .option('--owner <group>', 'only clients of this owner')
    .option('--by <interval>', 'minute, hour or day', 'day')
    .option('--since <duration>', 'how long ago usage begins, such as 7d; by default an hour, a day or a week')
    .option('--top', 'print the clients and APIs with the most tokens, and with the most refusals')
    .option('--wasteful', 'print the clients that probably fetch a token for each call instead of keeping it')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (options) => (await import('./usage.ts')).usage(options))
  program
    .command('decode [file]')
    .description('print the header and the claims of a JWT, and check nothing; without a file, it is on standard input')
    .option(...JSON_OUTPUT)
    .action(async (file, options) => (await import('./decode.ts')).decode(file, options))
  program
    .command('verify [file]')
    .description('check a JWT as an API does, with the published keys of its issuer, and print each check')
    .requiredOption('--issuer <url>', 'the authorization server')
    .option('--audience <uri>', 'the audience that the API expects')
    .option('--ca <file>', 'certificates to trust in addition to the default ones, PEM')
    .option(...JSON_OUTPUT)
    .action(async (file, options) => (await import('./verify.ts')).verify(file, options))
  program
    .command('introspect [file]')
    .description('say why a token is active or not, from the database, or ask a server as an API does')
    .option('--as <client>', 'on the database: check whether this client may introspect the token')
    .option('--issuer <url>', 'ask this authorization server')
    .option('--client-id <id>', 'with --issuer: the client that asks')
    .option('--secret-env <name>', 'with --issuer: the environment variable with the client secret')
    .option('--secret-file <file>', 'with --issuer: the file with the client secret')
    .option('--auth-method <method>', 'with --issuer: the registered name of the method')
    .option('--key <file>', 'with --issuer: the private key of the client, PEM or JWK')
    .option('--cert <file>', 'with --issuer: the client certificate, PEM')
    .option('--ca <file>', 'with --issuer: certificates to trust in addition to the default ones, PEM')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (file, options) => (await import('./introspect.ts')).introspect(file, options))
}

/** Adds the commands on tokens of outside issuers. */
export function addFederate(program: Command): void {
  const federate = program.command('federate').description('test tokens of outside issuers')
  federate
    .command('test')
    .description(
      'say which federated credential of a client the token on standard input matches, and why others do not',
    )
    .requiredOption('--client <id>', 'the client')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (options) => (await import('./federate.ts')).federateTest(options))
}
