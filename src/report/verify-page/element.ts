type Attributes = Readonly<Record<string, string>>;
type Child = Node | string | null;

/**
 * An element with its children. Text becomes text nodes, never markup; `null` is nothing. The page's policy forbids every other way
 * (trusted types), so that hostile text cannot become part of the page.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}
