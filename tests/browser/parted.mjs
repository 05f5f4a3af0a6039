// Words that a narrow page parts in the middle.

/** Words of the page, of letters only, that stand on more than one line. */
export const partedWords = (page) =>
  page.evaluate(() => {
    const parted = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!text.parentElement.checkVisibility({ visibilityProperty: true })) continue;
      for (const { 0: word, index } of text.data.matchAll(/(?<=^|\s)[A-Za-z]{2,16}(?=$|[\s,.;:])/g)) {
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const lines = new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top)));
        if (lines.size > 1) parted.push(`"${word}" is parted`);
      }
    }
    return parted;
  });
