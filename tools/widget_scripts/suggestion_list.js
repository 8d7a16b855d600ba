/* What stands in the list of suggestions: groups of texts, popular queries, categories and products. */

/* Returns the groups that have anything; an item has a text to search for, a label and filters, or an address. */
export function groupsOf(found, texts) {
  const groups = [
    { name: "texts", title: texts.suggestionTexts, items: (found.suggestions ?? []).map((text) => ({ text })) },
    { name: "popular", title: texts.popularQueries, items: (found.popular ?? []).map((text) => ({ text })) },
    { name: "categories", title: texts.categories, items: (found.categories ?? []).map(categoryOf) },
    { name: "products", title: texts.products, items: (found.products ?? []).map(productOf) },
  ];
  return groups.filter((group) => group.items.length);
}

function categoryOf(category) {
  return { filters: { [category.filter]: [category.value] }, label: category.label, category };
}

function productOf(product) {
  return product.url ? { url: product.url, product } : { text: product.title, product };
}

/* Returns the elements of the list; each option knows its item. */
export function listOf(groups, corrected, typed, bar, id) {
  const elements = groups.map((group) => groupElement(group, typed, bar, `${id}-${group.name}`));
  if (corrected) elements.unshift(note(bar.texts.suggestionsFor.replace("{text}", corrected)));
  return elements;
}

function groupElement(group, typed, bar, id) {
  const element = make("div", `xs-group xs-group-${group.name}`);
  element.setAttribute("role", "group");
  element.setAttribute("aria-labelledby", id);
  const title = make("div", group.name === "texts" ? "xs-visually-hidden" : "xs-group-title", group.title);
  title.id = id;
  title.setAttribute("role", "presentation");
  element.append(title, ...group.items.map((item, number) => optionElement(item, typed, bar, `${id}-${number}`)));
  return element;
}

function optionElement(item, typed, bar, id) {
  const option = make("div", "xs-suggestion");
  option.id = id;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.xsItem = item;
  if (item.product) option.append(...productParts(item.product, bar));
  else if (item.category) option.append(...categoryParts(item.category));
  else option.append(...textParts(item.text, typed.trim()));
  return option;
}

/* What is new stands out, for that is what the eye looks for. */
function textParts(text, typed) {
  if (!text.toLowerCase().startsWith(typed.toLowerCase())) return [make("span", "", text)];
  const whole = make("span", "");
  whole.append(text.slice(0, typed.length), make("b", "", text.slice(typed.length)));
  return [whole];
}

function categoryParts(category) {
  const count = make("span", "xs-count", String(category.count));
  return [make("span", "xs-suggestion-label", category.label), make("span", "xs-suggestion-kind", category.filter_label), count];
}

function productParts(product, bar) {
  const photo = make("span", "xs-suggestion-photo");
  if (product.image) photo.append(Object.assign(make("img"), { src: product.image, alt: "", decoding: "async" }));
  const title = make("span", "xs-suggestion-label", product.title);
  const price = priceText(product, bar);
  return [photo, title, ...(price ? [make("span", "xs-suggestion-price", price)] : [])];
}

/* As the shop writes it; else a plain number, whose currency nobody here knows. */
function priceText({ price, price_text: written }, bar) {
  if (written || typeof price !== "number") return written;
  return price.toLocaleString(bar.config.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function note(text) {
  const element = make("div", "xs-suggestions-note", text);
  element.setAttribute("role", "presentation");
  return element;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
