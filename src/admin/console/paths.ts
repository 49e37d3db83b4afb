import { LONGEST_PATH } from '../api/find-operation.ts'

/** The pages of the console. The console itself finds the page behind a longer path. */
const PAGE = /^\/(?:(?:welcome|clients|rotation|apis|lab|keys|audit|plans|settings)(?:\/|$)|$)/

/** Whether a path leads to a page of the console. */
export const isPage = (path: string): boolean => path.length <= LONGEST_PATH && PAGE.test(path)
