/** The pages of the console. The console itself finds the page behind a longer path. */
const PAGE = /^\/(?:(?:welcome|clients|rotation|apis|lab|keys|audit|plans|settings)(?:\/|$)|$)/

/** The most characters of a path. The longest one has an audience, percent-encoded. */
const LONGEST_PATH = 8 * 1024

/** Whether a path leads to a page of the console. */
export const isPage = (path: string): boolean => path.length <= LONGEST_PATH && PAGE.test(path)
