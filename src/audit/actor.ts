/** Who caused an event, and by which way. */
export type Actor =
  /** A person or a program at a command line, by the account and the machine that it runs on. */
  | {
      readonly kind: 'operator'
      readonly user: string
      readonly host: string
      readonly way: 'command' | 'manifest'
    }
  /** A person who has logged in to the admin listener. */
  | { readonly kind: 'administrator'; readonly name: string; readonly way: 'api' }
  | { readonly kind: 'client'; readonly clientId: string; readonly way: 'api' }
  /** The server itself, when something is due. */
  | typeof SYSTEM

export const SYSTEM = { kind: 'system', way: 'schedule' } as const
