import { lookAtFiles } from '../../management/manifest/files/look.ts'
import { Poller } from '../../platform/poller.ts'

/** A change counts once two looks have seen the same, so that a new certificate is not read with its old key. */
const FILES_EVERY_MS = 1_000

/**
 * Looks at files for as long as the process runs, and calls `onChange` once they have changed and settled.
 * @param files their paths, at the time of each look
 */
export function watchFiles(files: () => readonly string[], onChange: () => void): void {
  const look = () => lookAtFiles([], files())
  let known = look()
  let seen: string | undefined
  const check = async (): Promise<void> => {
    const now = await look()
    const isSettled = now === seen
    seen = now
    if (!isSettled || now === (await known)) return
    known = Promise.resolve(now)
    onChange()
  }
  // Looking at a missing file is no error: the file has then changed.
  new Poller(FILES_EVERY_MS, check, () => {}).start()
}
