/** Builds the documentation site from the Markdown of the repository into `site/dist/`, and installs its packages if need be. */

import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { isSiteInstalled, writePages } from './site/pages.ts'

if (!isSiteInstalled()) {
  process.stderr.write('tessera: installing the packages of the site\n')
  const quiet = ['--no-save', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund']
  execFileSync('npm', ['install', ...quiet], { cwd: 'site', stdio: ['ignore', 2, 2] })
  copyFileSync('site/package-lock.json', 'site/node_modules/.installed-lock.json')
}
// Links to files that are no pages lead there, such as `https://github.com/example/tessera/blob/main/`.
const pages = writePages('site/.pages', process.env['SITE_SOURCE'])
execFileSync(process.execPath, ['site/node_modules/vitepress/bin/vitepress.js', 'build', 'site'], { stdio: 'inherit' })
process.stdout.write(`${pages.length} pages are in site/dist/\n`)
