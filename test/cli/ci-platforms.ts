/** Stand-ins for CI systems: they read a pipeline, and run its commands with bash, as a runner would. May import the harness. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { COMPILE_CACHE } from '../harness/cli.ts'
import type { TestServer } from '../harness/server.ts'
import { makeCertificate, sendJson, startSource } from '../harness/source.ts'
import type { Issuer } from './issuer.ts'

/** A pull request, or a push to main. */
type Event = 'pull request' | 'push'
export type JobName = 'plan' | 'apply'

interface JobResult {
  readonly code: number
  readonly output: string
  /** The plan, where the platform shows it. */
  readonly shown: string
}

/** A CI system with one repository. */
export interface Platform {
  /** The text of the pipeline of a job. */
  readonly textOf: (job: JobName) => string
  /** Runs a job. @param last replaces the last command of the job, as an author of a pull request could */
  readonly run: (job: JobName, event: Event, last?: string) => Promise<JobResult>
}

interface Setting {
  readonly server: TestServer
  readonly issuer: Issuer
  /** The folder with the files of the repository. */
  readonly repository: string
}

const strings = z.record(z.string(), z.string())
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const now = () => Math.floor(Date.now() / 1000)

/** Programs of a runner: ours, and stand-ins for two others. Vault keeps what it is given in `vault.log`. */
export function makeRunner(folder: string): { readonly bin: string; readonly vault: () => string } {
  const bin = join(folder, 'bin')
  const log = join(folder, 'vault.log')
  mkdirSync(bin)
  writeFileSync(log, '')
  const programs = {
    tessera: `exec '${process.execPath}' '${join(import.meta.dirname, '../../src/cli/main.ts')}' "$@"`,
    npm: '[ "$1 $2" = "install --global" ]',
    vault: `{ echo "$@"; cat; echo; } >> '${log}'`,
  }
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return { bin, vault: () => readFileSync(log, 'utf8') }
}

async function bash(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  child.stdin.end()
  const [code] = await once(child, 'close')
  return { code: Number(code), output }
}

/** The environment of any job: the runner's programs, a home of its own, and the authority of the server. */
function environment({ repository }: Setting, job: string, authorities: readonly string[] = []) {
  const home = join(repository, '..', `home-${job}-${Math.random().toString(36).slice(2)}`)
  mkdirSync(home)
  const ca = join(home, 'ca.pem')
  writeFileSync(ca, [readFileSync(inject('tls').ca, 'utf8'), ...authorities].join('\n'))
  return {
    home,
    env: {
      PATH: `${join(repository, '..', 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      NODE_EXTRA_CA_CERTS: ca,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
    },
  }
}

const workflow = z.looseObject({
  permissions: strings,
  concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }),
  jobs: z.record(
    z.string(),
    z.looseObject({
      environment: z.string().optional(),
      env: strings,
      steps: z.array(
        z.looseObject({ uses: z.string().optional(), run: z.string().optional(), env: strings.optional() }),
      ),
    }),
  ),
})

/** Reads a workflow of GitHub. */
export const workflowOf = (job: JobName) =>
  workflow.parse(parse(readFileSync(`examples/ci/github/${job}.yaml`, 'utf8')))

export const github = (setting: Setting): Platform => ({
  textOf: (job) => readFileSync(`examples/ci/github/${job}.yaml`, 'utf8'),
  run: async (name, event, last) => {
    const { permissions, jobs } = workflowOf(name)
    const job = jobs[name]
    if (job === undefined) throw new Error(`the workflow has no job ${name}`)
    const tokens = await githubTokens(setting, event, job.environment)
    const { home, env } = environment(setting, name, [tokens.authority])
    const expressions: Readonly<Record<string, string>> = {
      'vars.TESSERA_SERVER': setting.server.admin,
      'vars.TESSERA_ISSUER': setting.server.issuer,
      'github.sha': COMMIT,
    }
    const filled = (values: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          value.replace(/\$\{\{ (\S+) \}\}/g, (_, expression: string) => {
            const known = expressions[expression]
            if (known === undefined) throw new Error(`the stand-in does not know ${expression}`)
            return known
          }),
        ]),
      )
    const summary = join(home, 'summary.md')
    writeFileSync(summary, '')
    const steps = job.steps.flatMap(({ run, env: own }) => (run === undefined ? [] : [{ run, own }]))
    let [code, output] = [0, '']
    for (const [index, { run, own }] of steps.entries()) {
      const script = last !== undefined && index === steps.length - 1 ? last : run
      const ended = await bash(script, setting.repository, {
        ...env,
        ...filled(job.env),
        ...filled(own),
        GITHUB_STEP_SUMMARY: summary,
        ...(permissions['id-token'] === 'write' && tokens.env),
      })
      output += ended.output
      code = ended.code
      if (code !== 0) break
    }
    await tokens.stop()
    return { code, output, shown: readFileSync(summary, 'utf8') }
  },
})

/** The address at which a job of GitHub gets its token, with the claims of a job of this event. */
async function githubTokens({ issuer }: Setting, event: Event, environmentName: string | undefined) {
  const ref = event === 'push' ? 'refs/heads/main' : 'refs/pull/7/merge'
  const context =
    environmentName !== undefined ? `environment:${environmentName}` : event === 'push' ? `ref:${ref}` : 'pull_request'
  const claims = {
    sub: `repo:acme/access:${context}`,
    ref,
    event_name: event === 'push' ? 'push' : 'pull_request',
    ...(environmentName !== undefined && { environment: environmentName }),
  }
  const certificate = await makeCertificate()
  const source = await startSource(certificate, async (request, response) => {
    if (request.headers.authorization !== 'Bearer of the runner') {
      response.writeHead(401).end()
      return
    }
    const audience = new URL(request.url ?? '', 'https://x').searchParams.get('audience')
    sendJson(response, { value: await issuer.sign({ ...claims, aud: audience, iat: now(), exp: now() + 300 }) })
  })
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: source.url('/token?api-version=2'),
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the runner',
  }
  return { authority: certificate.cert, env, stop: () => source.stop() }
}

const lines = z.array(z.string())
const pipeline = z.looseObject({
  default: z.looseObject({
    image: z.string(),
    id_tokens: z.record(z.string(), z.object({ aud: z.string() })),
    before_script: lines,
  }),
})
const gitlabJob = z.looseObject({
  variables: strings,
  script: lines,
  environment: z.string().optional(),
  resource_group: z.string().optional(),
})

/** The pipeline of GitLab in the documentation. */
function gitlabPipeline() {
  const page = readFileSync('docs/operating/ci.md', 'utf8')
  const [, text] = /```yaml\n(# \.gitlab-ci\.yml\n.*?)```/s.exec(page) ?? []
  if (text === undefined) throw new Error('docs/operating/ci.md has no .gitlab-ci.yml')
  const all: unknown = parse(text)
  const { default: ofAll, ...others } = pipeline.parse(all)
  return { text, ofAll, jobOf: (name: JobName) => gitlabJob.parse(others[name]) }
}

/** Reads a job of GitLab. */
export const gitlabJobOf = (name: JobName) => gitlabPipeline().jobOf(name)

export const gitlab = (setting: Setting): Platform => ({
  textOf: () => gitlabPipeline().text,
  run: async (name, event, last) => {
    const { ofAll, jobOf } = gitlabPipeline()
    const job = jobOf(name)
    const variables: Readonly<Record<string, string>> = {
      TESSERA_SERVER: setting.server.admin,
      ISSUER: setting.server.issuer,
      CI_COMMIT_SHA: COMMIT,
      ...job.variables,
    }
    const branch = event === 'push' ? 'main' : 'change'
    const claims = {
      sub: `project_path:acme/access:ref_type:branch:ref:${branch}`,
      project_path: 'acme/access',
      pipeline_source: event === 'push' ? 'push' : 'merge_request_event',
      ref_protected: String(event === 'push'),
      ...(job.environment !== undefined && { environment: job.environment }),
      iat: now(),
      exp: now() + 300,
    }
    const tokens = await Promise.all(
      Object.entries(ofAll.id_tokens).map(async ([variable, { aud }]) => {
        const audience = aud.replace(/^\$(\w+)$/, (_, known: string) => variables[known] ?? '')
        return [variable, await setting.issuer.sign({ ...claims, aud: audience })] as const
      }),
    )
    const { env } = environment(setting, name)
    const script = [...ofAll.before_script, ...(last === undefined ? job.script : [...job.script.slice(0, -1), last])]
    const ended = await bash(script.join('\n'), setting.repository, {
      ...env,
      ...variables,
      ...Object.fromEntries(tokens),
    })
    return { ...ended, shown: ended.output }
  },
})
