import { type Command, Option } from 'commander'
import { credentialSorts } from '../model/fleet/filters.ts'
import { CONFIG, JSON_OUTPUT, noOwner, OWNER, REASON, REVERSE, UNUSED, YES } from './command-options.ts'

/** Adds the commands on credentials. */
export function addCredentials(program: Command): void {
  const credentials = program.command('credentials').description('manage client credentials')
  const credentialCommand = (name: string, description: string) =>
    credentials
      .command(name)
      .description(description)
      .option(...JSON_OUTPUT)
      .option(...CONFIG)
  const credentialChange = (name: string, description: string) => credentialCommand(name, description).option(...REASON)
  const newCredential = (command: Command) =>
    command
      .option('--label <text>', 'a name for people')
      .option('--expires <when>', 'a time such as 2030-01-01T00:00:00Z, or a duration from now, such as 90d')
      .option('--secret-env <name>', 'the environment variable with the secret; by default one is generated')
      .option('--retrievable', 'keep the secret encrypted rather than hashed, for client_secret_jwt')
      .option('--jwks <file>', 'the file with the public keys, a JWK set; - reads standard input')
      .option('--jwks-uri <url>', 'the URL of the public keys')
      .option('--algorithm <alg>', 'the only algorithm that the keys may sign with')
      .option('--certificate <name=value>', 'subject_dn, san_dns, san_uri, san_ip, san_email or thumbprint')
      .option(
        '--federated <file>',
        'the file that describes tokens of an outside issuer, as in a manifest; - reads standard input',
      )
  credentialCommand('list [client-id]', 'print the credentials of a client and their status, or those of all clients')
    .option(...OWNER)
    .addOption(noOwner())
    .option(...UNUSED)
    .option('--expiring <days>', 'credentials that expire within so many days, such as 30d')
    .addOption(new Option('--state <state>', 'credentials in this state').choices(['valid', 'expired', 'revoked']))
    .addOption(new Option('--sort <field>', 'the order').choices(credentialSorts))
    .option(...REVERSE)
    .action(async (id, options) => (await import('./credentials.ts')).credentialsList(id, options))
  newCredential(credentialChange('add <client-id>', 'add a credential to a client')).action(async (id, options) =>
    (await import('./credentials.ts')).credentialsAdd(id, options),
  )
  newCredential(
    credentialChange(
      'rotate <client-id> [credential]',
      'add the successor of a credential, and let the old one expire after the overlap',
    ),
  )
    .option('--overlap <duration>', 'how long the old credential stays valid, such as 24h', '7d')
    .action(async (id, credential, options) =>
      (await import('./credentials.ts')).credentialsRotate(id, credential, options),
    )
  credentialChange(
    'cancel <client-id> <credential>',
    'undo a rotation: keep the old credential, and remove the new one',
  )
    .option(...YES)
    .action(async (id, credential, options) =>
      (await import('./credentials.ts')).credentialsCancel(id, credential, options),
    )
  credentialChange('revoke <client-id> <credential>', 'end a credential now')
    .option(...YES)
    .action(async (id, credential, options) =>
      (await import('./credentials.ts')).credentialsRevoke(id, credential, options),
    )
  credentialChange('remove <client-id> <credential>', 'remove a credential for good')
    .option(...YES)
    .action(async (id, credential, options) =>
      (await import('./credentials.ts')).credentialsRemove(id, credential, options),
    )
  credentialChange('label <client-id> <credential> <text>', 'give a credential another label').action(
    async (id, credential, label, options) =>
      (await import('./credentials.ts')).credentialsLabel(id, credential, label, options),
  )
}
