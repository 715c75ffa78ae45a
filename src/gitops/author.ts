/** Who GitOps commits are by; who asked stands in their trailers. */
export const author = { name: 'Gimlet', email: 'gimlet@localhost' }
