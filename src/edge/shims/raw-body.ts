/**
 * In place of `raw-body`, by which Bolt's own HTTP receivers read streams of Node. Ours is given a text.
 *
 * Its tables of character sets (iconv-lite) are half a megabyte. It can go with `express.ts`.
 */
export default function rawBody(): never {
  throw new Error('raw-body does not run on Workers: requests go to httpApp')
}
