import { createTheme, type MantineColorsTuple } from '@mantine/core'
import { common } from '../texts/common.ts'

const closeButtonProps = { 'aria-label': common.close }

/** Verdigris, the accent: actions, links and the present place. */
const tile: MantineColorsTuple = [
  '#eaf6f4',
  '#d3eae7',
  '#a6d5cf',
  '#77c0b7',
  '#5bb8ad',
  '#2f9a8e',
  '#147a70',
  '#0f6b66',
  '#0b5653',
  '#073f3d',
]
/** Ochre: something wants attention soon. */
const ochre: MantineColorsTuple = [
  '#fdf6e6',
  '#f8e9c8',
  '#f0d296',
  '#e6b95f',
  '#dca338',
  '#d08b2c',
  '#b3721f',
  '#7d4d10',
  '#6b420d',
  '#4a2d07',
]
/** Brick: something is refused, ended, or about to be. */
const brick: MantineColorsTuple = [
  '#fdf0ee',
  '#f9dcd8',
  '#f0b5ad',
  '#ee9a90',
  '#e67a6c',
  '#d04a3a',
  '#b83526',
  '#a1221b',
  '#7f1812',
  '#5c0f0b',
]
/** Stone: everything else. */
const gray: MantineColorsTuple = [
  '#f8f7f4',
  '#f1efeb',
  '#e4e2dc',
  '#d3d0c9',
  '#b7b4ac',
  '#8f8d87',
  '#65645f',
  '#4b4b48',
  '#333432',
  '#1f2120',
]
const dark: MantineColorsTuple = [
  '#e9e8e3',
  '#cfcfc9',
  '#a9aba8',
  '#7e8280',
  '#565b5a',
  '#3c4141',
  '#272c2c',
  '#171b1b',
  '#121515',
  '#0c0e0e',
]

/** The look of the console: stone, one accent, system fonts. */
export const theme = createTheme({
  colors: { tile, ochre, brick, red: brick, gray, dark },
  primaryColor: 'tile',
  primaryShade: { light: 7, dark: 6 },
  black: '#1f2120',
  defaultRadius: 'sm',
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px' },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: { centered: false, yOffset: '8vh', overlayProps: { backgroundOpacity: 0.45 }, closeButtonProps },
    },
    Drawer: { defaultProps: { closeButtonProps } },
  },
})
