/** One line of the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The metrics of an admin listener. */
export interface Scrape {
  readonly samples: readonly Sample[]
  /** The type of each metric. */
  readonly types: ReadonlyMap<string, string>
  readonly text: string
  /** The sum of the series with at least these labels, or undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
}

/** Fetches the metrics. @throws Error if a line violates the format */
export async function scrape(admin: string): Promise<Scrape> {
  const response = await fetch(`${admin}/metrics`)
  const text = await response.text()
  if (response.status !== 200 || !response.headers.get('content-type')?.startsWith('text/plain; version=0.0.4'))
    throw new Error(`${response.status} ${response.headers.get('content-type')}: ${text}`)
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, metric, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? []
    if (metric !== undefined && type !== undefined) types.set(metric, type)
    if (!line.startsWith('# ')) samples.push(parseSample(line))
  }
  const value: Scrape['value'] = (name, labels = {}) => {
    const found = samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
    )
    return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0)
  }
  return { samples, types, text, value }
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-z_0-9]+)(?:\{(.*)\})? (\+Inf|-?[0-9.e+-]+)$/.exec(line) ?? []
  if (name === undefined) throw new Error(`not a sample: ${line}`)
  const parsed = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)].map(([, label = '', text = '']) => [
    label,
    text,
  ])
  return { name, labels: Object.fromEntries(parsed), value: Number(value) }
}
