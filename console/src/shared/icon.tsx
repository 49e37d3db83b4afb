/** The paths of icons, in a square of 16, drawn with a line of 1.4. */
const PATHS = {
  overview: 'M2.5 13.5v-5m4 5v-11m4 11v-7m3 7h-12',
  client: 'M2.5 4.5h11v7h-11zM5 14h6M6.5 7l-1.5 1 1.5 1m3-2 1.5 1-1.5 1',
  rotation: 'M13 8a5 5 0 0 1-9 3m-1-3a5 5 0 0 1 9-3m0-2.5V5H9.5m-5.5 8.5V11h2.5',
  api: 'M8 2 13.5 5v6L8 14l-5.5-3V5zM2.5 5 8 8m0 0 5.5-3M8 8v6',
  lab: 'M6.5 2.5v4l-3.5 6a.7.7 0 0 0 .6 1h8.8a.7.7 0 0 0 .6-1l-3.5-6v-4m-4.5 0h6M5 10h6',
  plan: 'M4 2.5h6l2.5 2.5v8.5h-8.5zM6 7h4M6 9.5h4M6 12h2',
  key: 'M9.5 9.5a3.5 3.5 0 1 0-3-1.6l-4 4V14h2.2v-1.6h1.6V11h1.4l.4-1.5zM11 5h.01',
  audit: 'M3 3.5h10M3 7h10M3 10.5h5m1.5 1.5 1.5 1.5 3-3.5',
  settings: 'M3 4.5h5m3 0h2M3 11.5h2m3 0h5M8 3v3M5 10v3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zm3.3-1.2 3.2 3.2',
  copy: 'M6 6V3h7v7h-3M3 6h7v7H3z',
  check: 'm3 8.5 3.2 3.2L13 5',
  cross: 'm4 4 8 8m0-8-8 8',
  plus: 'M8 3v10M3 8h10',
  warn: 'M8 2.5 14 13H2zm0 4v3m0 1.6v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zm0-6.5V11m0-6v.1',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.5 1.5',
  chevron: 'm6 3.5 4.5 4.5L6 12.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  up: 'M3.5 10 8 5.5l4.5 4.5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  bin: 'M3 4.5h10m-6.5 0v-2h3v2m-5 0 .6 9h5.8l.6-9',
  pause: 'M5.5 3.5v9m5-9v9',
  play: 'M5 3v10l8-5z',
  person: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zm-5 5.5c.6-2.2 2.5-3.5 5-3.5s4.4 1.3 5 3.5',
  menu: 'M2.5 4.500h11m-11 3.500h11m-11 3.500h11',
  download: 'M8 2.500v8m-3-3 3 3 3-3m-8 6h10',
  filter: 'M2.5 3.500h11l-4.2 5v4l-2.6 1v-5z',
  file: 'M4 2.500h5l3 3v8H4zm5 0v3h3',
  shield: 'M8 2.5 13 4v4c0 2.8-2 4.8-5 5.800C5 12.8 3 10.8 3 8V4z',
} as const

export type IconName = keyof typeof PATHS

/** An icon beside words. It is hidden from screen readers, since the words say the same. */
export const Icon = ({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.4"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d={PATHS[name]} />
  </svg>
)
