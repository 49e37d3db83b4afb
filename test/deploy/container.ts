/** Runs programs of an unpacked image as a container engine does: read-only, with its user, and without any capability. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The user of the image. */
export const USER = 65_532

/** A way to run programs of an image. */
export interface Engine {
  /** The user of this machine that owns the mounted files. */
  readonly owner: number
  /** Starts a program. A signal to the process reaches the program. */
  start(args: readonly string[]): ChildProcess
  /** Runs another program beside it until it exits. @returns its exit code */
  run(args: readonly string[]): Promise<number>
}

/** The folders of this machine that a container sees, by their paths in it, and its environment. */
export interface Surroundings {
  readonly mounts: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
}

/** Whether a program of this machine runs with these arguments. */
export const works = (program: string, ...args: readonly string[]): Promise<boolean> =>
  run(program, args).then(
    () => true,
    () => false,
  )

/** Runs programs in a user namespace, which needs nothing but `unshare` (util-linux). There, the own user is that of the image. */
export function namespaceEngine(rootfs: string, { mounts, env }: Surroundings): Engine {
  const steps = [
    `mount --bind ${rootfs} ${rootfs}`,
    `mount -o remount,bind,ro ${rootfs}`,
    `mount -t tmpfs tmpfs ${rootfs}/tmp`,
    `mount --rbind /dev ${rootfs}/dev`,
    `mount --rbind /proc ${rootfs}/proc`,
    ...Object.entries(mounts).map(([path, folder]) => `mount --bind ${folder} ${rootfs}${path}`),
    `exec unshare --map-user=${USER} --map-group=${USER} --root=${rootfs} --wd=/var/lib/tessera "$@"`,
  ]
  const before = ['--map-root-user', '--mount', 'sh', '-ec', steps.join('\n'), 'sh']
  const start = (args: readonly string[]) =>
    spawn('unshare', [...before, ...args], { env: { PATH: process.env['PATH'], ...env } })
  return { owner: process.getuid?.() ?? 0, start, run: (args) => codeOf(start(args)) }
}

/** The parts that this file reads of a bundle's config.json (OCI runtime specification). */
interface BundleConfig {
  readonly process: { readonly env: readonly string[] }
  readonly root: object
  readonly mounts: readonly { readonly destination: string }[]
  readonly linux: { readonly namespaces: readonly { readonly type: string }[] }
}

/** Runs programs with `runc`, from the bundle that `umoci` made as root, so that files have the owners of the image. */
export function bundleEngine(bundle: string, { mounts, env }: Surroundings): Engine {
  const path = join(bundle, 'config.json')
  const given = JSON.parse(readFileSync(path, 'utf8')) as BundleConfig
  const own = [
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
    ...Object.entries(mounts).map(([destination, source]) => ({
      destination,
      source,
      type: 'bind',
      options: ['rbind'],
    })),
  ]
  const hidden = [...own.map(({ destination }) => destination), '/etc/resolv.conf']
  const configFor = (args: readonly string[]) => ({
    ...given,
    root: { ...given.root, readonly: true },
    process: {
      ...given.process,
      ...{ args, terminal: false, capabilities: {}, rlimits: [] },
      env: [...given.process.env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    },
    mounts: [...given.mounts.filter(({ destination }) => !hidden.includes(destination)), ...own],
    linux: {
      ...given.linux,
      // The test reaches the ports of the container on this machine.
      namespaces: given.linux.namespaces.filter(({ type }) => type !== 'network' && type !== 'cgroup'),
    },
  })
  const options = ['--root', join(bundle, 'state')]
  const id = `tessera-${randomUUID()}`
  return {
    owner: USER,
    start: (args) => {
      writeFileSync(path, JSON.stringify(configFor(args)))
      return spawn('runc', [...options, 'run', '--bundle', bundle, id])
    },
    run: (args) => codeOf(spawn('runc', [...options, 'exec', id, ...args])),
  }
}

/** The exit code of a program, once it has ended. */
export const codeOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? -1))
  })

/** Waits until a program prints this. @throws Error with its output if it ends before */
export const printed = (child: ChildProcess, pattern: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (pattern.test(output)) resolve()
      })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${output}`)))
  })
