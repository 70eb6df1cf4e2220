// memo.ts: draw again only when a property is another object (preact/compat has this too, with much else).
import { Component, h, type ComponentType, type FunctionComponent } from 'preact';

export function memo<P extends object>(f: FunctionComponent<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const a = this.props as Record<string, unknown>;
      const b = next as Record<string, unknown>;
      return Object.keys(b).some((k) => a[k] !== b[k]);
    }
    override render() {
      return h(f as FunctionComponent<object>, this.props);
    }
  };
}
