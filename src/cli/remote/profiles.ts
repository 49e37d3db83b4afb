import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { homeFolder } from '../../platform/home.ts'
import { OF_OTHERS } from '../../platform/private-files.ts'
import { codeOf, fileFault } from '../../platform/system-error.ts'
import { NotFound, UserError } from '../../platform/user-error.ts'
import { type Profile, profileName, profileSchema } from './profile.ts'

/** The file that names the current profile. A name of a profile gets an ending, so that none can be the same. */
const CURRENT = 'current'
const ENDING = '.json'
/** Bytes of a profile: a token and a few paths. */
const LONGEST = 64 * 1024

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The profiles of the account that runs the command. They hold tokens, so nobody else may read them: the folder has mode 0700 and
 * each file 0600, and a file that others can read is not used.
 */
export class Profiles {
  /** Undefined if there is no place for it. */
  readonly #folder: string | undefined

  /** @param env `XDG_CONFIG_HOME` (XDG Base Directory Specification), or else the home of the account, says where they are */
  constructor(env: Environment, findHome = homeFolder) {
    const base = env['XDG_CONFIG_HOME']
    const home = env['HOME'] || findHome()
    // The specification says that a relative path must be ignored.
    if (base !== undefined && isAbsolute(base)) this.#folder = join(base, 'tessera')
    else if (home !== '') this.#folder = join(home, '.config/tessera')
  }

  /** The names of all profiles, in order. */
  get names(): readonly string[] {
    if (this.#folder === undefined) return []
    try {
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length))
        .toSorted()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw new UserError(`${this.#folder} can't be read: ${fileFault(error)}`)
    }
  }

  /** The name of the current profile; undefined if there is none. */
  get current(): string | undefined {
    const name = this.#read(CURRENT)?.trim()
    return name !== undefined && this.names.includes(name) ? name : undefined
  }

  /** @throws NotFound, or UserError if others can read the file or it is not a profile */
  load(name: string): Profile {
    const text = this.#read(fileOf(name))
    if (text === undefined) throw new NotFound(`there is no profile ${JSON.stringify(name)}: tessera login makes one`)
    const parsed = profileSchema.safeParse(parse(text))
    if (parsed.success) return parsed.data
    throw new UserError(
      `the profile ${JSON.stringify(name)} can't be read: log in again, with tessera login --profile ${name}`,
    )
  }

  save(name: string, profile: Profile): void {
    this.#write(fileOf(name), JSON.stringify(profile, undefined, 2))
  }

  /** Makes a profile the current one. @throws NotFound if there is none of this name */
  use(name: string): void {
    this.load(name)
    this.#write(CURRENT, name)
  }

  /** @throws NotFound if there is none of this name */
  delete(name: string): void {
    if (!this.names.includes(name)) throw new NotFound(`there is no profile ${JSON.stringify(name)}`)
    if (this.current === name) rmSync(this.#pathOf(CURRENT))
    rmSync(this.#pathOf(fileOf(name)))
  }

  /** The content of a file; undefined if it does not exist. */
  #read(file: string): string | undefined {
    if (this.#folder === undefined) return undefined
    const path = this.#pathOf(file)
    try {
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        const { mode, uid, size } = fstatSync(descriptor)
        if ((mode & OF_OTHERS) !== 0)
          throw new UserError(`${path} is not used, since others can read it: run chmod 600 on it`)
        if (uid !== process.getuid?.()) throw new UserError(`${path} is not used, since it belongs to another account`)
        if (size > LONGEST) throw new UserError(`${path} is not used: it is too long for a profile`)
        return readFileSync(descriptor, 'utf8')
      } finally {
        closeSync(descriptor)
      }
    } catch (error) {
      if (error instanceof UserError) throw error
      if (codeOf(error) === 'ENOENT') return undefined
      throw new UserError(`${path} can't be read: ${fileFault(error)}`)
    }
  }

  /** @throws UserError if there is no place for files */
  #pathOf(file: string): string {
    if (this.#folder !== undefined) return join(this.#folder, file)
    throw new UserError('profiles have no place, since this account has no home: set HOME or XDG_CONFIG_HOME')
  }

  /** Writes a file as a whole or not at all, and never where others could read it, even for a moment. */
  #write(file: string, text: string): void {
    const path = this.#pathOf(file)
    const folder = dirname(path)
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      if ((statSync(folder).mode & OF_OTHERS) !== 0) chmodSync(folder, 0o700)
      writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw new UserError(`${path} can't be written: ${fileFault(error)}`)
    }
  }
}

const fileOf = (name: string): string => `${profileName(name, 'the name of a profile')}${ENDING}`

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
