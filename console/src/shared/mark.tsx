/** The mark of Tessera: four tiles of a mosaic, one of another colour. */
export const Mark = ({ size = 24 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <g fill="var(--mantine-primary-color-filled)">
      <path d="M3 4.5 14.2 3l.6 11.400L3.6 15z" />
      <path d="m17.4 3.4 11 .9-.8 10.9-10.8-.6z" opacity=".55" />
      <path d="m3.4 17.6 11.2-.8-.4 12L4 28z" opacity=".8" />
    </g>
    <path fill="var(--mantine-color-ochre-5)" d="m17.2 17.4 10.6.4.9 10.6-11.9.4z" />
  </svg>
)
