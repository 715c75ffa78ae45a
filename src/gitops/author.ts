/** Who GitOps commits are by, unless it is set; who asked stands in their trailers. */
export const ours = 'Gimlet <gimlet@localhost>'

/** The parts of `Name <e-mail>`. */
export function personOf(author: string): { readonly name: string; readonly email: string } {
  const [, name = '', email = ''] = /^(.*) <(.*)>$/.exec(author) ?? []
  return { name, email }
}
