import { homedir } from 'node:os'

/** The home of this account; empty if it has none, as the number of a user in a container may. */
export function homeFolder(find = homedir): string {
  try {
    return find()
  } catch {
    return ''
  }
}
