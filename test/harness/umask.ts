import { afterAll, expect } from 'vitest'

const umask = (): number => {
  const present = process.umask(0o022)
  process.umask(present)
  return present
}

const before = umask()

// Most files share a process: a umask that one of them left would change the files of the next.
afterAll(() => expect(umask()).toBe(before))
