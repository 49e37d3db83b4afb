import { z } from 'zod'
import { UsageError, UserError } from '../platform/user-error.ts'
import { LONGEST_TOKEN_INPUT, readTextInput } from './read-input.ts'

/** The place of a projected service account token, if the manifest of the pod mounts one for Tessera. */
const PROJECTED_TOKEN = '/var/run/secrets/tokens/tessera'
/** The variable that has the token of a job of GitLab, which `id_tokens` of the job name. */
const GITLAB_VARIABLE = 'TESSERA_ID_TOKEN'
/** Milliseconds. */
const GITHUB_TIMEOUT = 10_000

interface PlatformOptions {
  /** The audience of the token that the platform is asked for. */
  readonly audience: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The platforms of which a token can be had without a file, and how. */
const platforms: Readonly<Record<string, (options: PlatformOptions) => Promise<string>>> = {
  github: fromGithub,
  gitlab: fromGitlab,
  kubernetes: () => readToken(PROJECTED_TOKEN),
}

/** Gets the token of the platform on which this command runs. @throws UserError */
export function platformToken(platform: string, options: PlatformOptions): Promise<string> {
  const get = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined
  if (get === undefined) throw new UsageError(`--from must be one of ${Object.keys(platforms).join(', ')}`)
  return get(options)
}

/** Reads a token from a file; `-` is standard input. @throws UserError */
export async function readToken(file: string): Promise<string> {
  const token = (await readTextInput(file, LONGEST_TOKEN_INPUT)).trim()
  if (token === '') throw new UserError(`${file} has no token`)
  return token
}

/** Asks the OIDC provider of GitHub Actions for a token of this job. */
async function fromGithub({ audience, env }: PlatformOptions): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = env
  if (address === undefined || secret === undefined) {
    throw new UserError('--from github works in a job with `permissions: id-token: write` only')
  }
  const url = URL.parse(address)
  if (url?.protocol !== 'https:') throw new UserError('ACTIONS_ID_TOKEN_REQUEST_URL is not an address of https')
  url.searchParams.set('audience', audience)
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(GITHUB_TIMEOUT),
    redirect: 'error',
  }).catch((error: unknown) => {
    throw new UserError('GitHub could not be asked for a token', { cause: error })
  })
  const answer = githubAnswer.safeParse(await response.json().catch(() => undefined))
  if (!answer.success) throw new UserError(`GitHub gave no token: its answer has status ${response.status}`)
  return answer.data.value
}

/** Reads the token that GitLab has put into the environment of this job. */
async function fromGitlab({ env }: PlatformOptions): Promise<string> {
  const token = env[GITLAB_VARIABLE]
  if (token === undefined || token === '')
    throw new UserError(`--from gitlab works in a job whose \`id_tokens\` name ${GITLAB_VARIABLE} only`)
  return token
}

const githubAnswer = z.object({ value: z.string().min(1) })
