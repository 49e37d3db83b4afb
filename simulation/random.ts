/** Pseudo-random numbers, equal for equal seeds, so that anyone can repeat a simulation. */

/** Evenly between 0 and 1, neither included. */
export type Uniform = () => number

/** Mulberry32, by Tommy Ettinger (public domain): 32 bits of state do for some millions of draws. */
export function seeded(seed: number): Uniform {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32
  }
}

export const exponential = (uniform: Uniform, mean: number): number => -Math.log(uniform()) * mean

/** Box and Muller (1958). */
const normal = (uniform: Uniform): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

/**
 * A gamma distribution, by the method of Marsaglia and Tsang (2000): of one kind of work, whatever its spread.
 * @param cv standard deviation by mean: 0 is always the mean, 1 is the exponential distribution
 */
export function gamma(uniform: Uniform, mean: number, cv: number): number {
  if (cv === 0) return mean
  if (cv === 1) return exponential(uniform, mean)
  const shape = 1 / cv ** 2
  // Below 1 the method doesn't reach: a draw of the shape above it is scaled down.
  const scale = shape < 1 ? uniform() ** (1 / shape) : 1
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(uniform)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return (d * v * scale * mean) / shape
  }
}
