import { EditorView } from "@codemirror/view";

/**
 * Looks, once styles hold, whether lines are as high as the editor believes, and measures anew where they are not. By
 * itself it does not: its content is as high as its frame, whatever lines are, so that nothing tells it. Gives what ends
 * the looking.
 */
export function settle(view: EditorView): () => void {
  const look = (): void => {
    const line = view.contentDOM.querySelector(".cm-line");
    const lines = line ? line.getBoundingClientRect().height / view.defaultLineHeight : 0;
    if (Math.abs(lines - Math.round(lines)) <= 0.03) return;
    const { head } = view.state.selection.main;
    view.setState(view.state);
    if (head > 0) view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "center" }) }); // whoever came to a line stays there
  };
  const timers = [50, 400, 1500].map((ms) => setTimeout(look, ms));
  return () => { timers.forEach(clearTimeout); };
}
