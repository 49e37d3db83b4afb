import { shellWord } from '../../../platform/shell.ts'
import type { Remedy } from './advice.ts'
import { type Case, command } from './case.ts'

/** A command about the client of a request. */
export const verb = (words: string, { client }: Case, ...more: readonly string[]): string =>
  [`tessera ${words}`, ...[client, ...more].map(word)].join(' ')

/** A placeholder stays as it is. */
export const word = (text: string): string => (/^<[a-z-]+>$/.test(text) ? text : shellWord(text))

/** The command that lists the credentials of the client. */
export const list = (about: Case): Remedy =>
  command('See the credentials of the client', verb('credentials list', about))

/** The command that compares a token of an outside issuer with the credentials of the client. */
export const testToken = ({ client }: Case): Remedy =>
  command('Compare the token with the credentials', `tessera federate test --client ${word(client)} < token-file`)
