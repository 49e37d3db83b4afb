/** The table of contents of `docs/README.md`, from the files and their headings. */

import { folders, sitePages } from './pages.ts'

/** A row for each folder, in which a new page appears by itself. @throws Error if nobody said which question a folder answers */
export function contentsTable(): string {
  const byFolder = Map.groupBy(sitePages(), ({ path }) => /^docs\/([^/]+)\//.exec(path)?.[1] ?? '')
  const unknown = [...byFolder.keys()].filter((folder) => folder !== '' && !(folder in folders))
  if (unknown.length > 0)
    throw new Error(`scripts/site/pages.ts does not say which question docs/${unknown[0]} answers`)
  return [
    '| folder | question | pages |',
    '| --- | --- | --- |',
    ...Object.entries(folders).map(([folder, question]) => {
      const links = (byFolder.get(folder) ?? []).map(({ path, title }) => `[${title}](${path.replace('docs/', '')})`)
      const pages = folder === 'decisions' ? 'a page for each decision' : links.join(', ')
      return `| [${folder}/](${folder}) | ${question} | ${pages} |`
    }),
  ].join('\n')
}
