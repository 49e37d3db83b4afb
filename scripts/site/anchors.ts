/** The anchor that GitHub makes from a heading: lower case, without punctuation, blanks as hyphens. The site does the same. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
