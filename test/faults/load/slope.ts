/** How fast memory grows, in MiB a minute, by least squares; 0 of fewer than two points. */
export function slopePerMinute(points: readonly { minute: number; mib: number }[]): number {
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [minute, mib] = [mean((point) => point.minute), mean((point) => point.mib)]
  const along = mean((point) => (point.minute - minute) ** 2)
  const up = mean((point) => (point.minute - minute) * (point.mib - mib))
  return points.length < 2 || along === 0 ? 0 : up / along
}
