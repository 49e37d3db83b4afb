import type { FindEndpoints } from '../../http/router.ts'
import type { PeopleContext } from '../sessions/context.ts'
import type { Bundle } from './bundle.ts'
import { serveFile } from './file.ts'
import { showConsole, showUnbuilt } from './page.ts'
import { isPage } from './paths.ts'

/** Finds the endpoints of the console: one page for all of its paths, and the files of its bundle. */
export function consoleEndpoints(context: PeopleContext, bundle: Bundle | undefined): FindEndpoints {
  const page = { GET: bundle === undefined ? showUnbuilt : showConsole(context, bundle) }
  const files = new Map([...(bundle?.files ?? [])].map(([path, file]) => [path, { GET: serveFile(file) }]))
  return (path) => files.get(path) ?? (isPage(path) ? page : undefined)
}
