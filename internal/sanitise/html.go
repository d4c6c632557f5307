package sanitise

import "strings"

// HTML returns s as text between the tags of an HTML page, or in an attribute within
// quotes of either kind, where it is the text that [Text] returns and nothing else, and no
// command to GitHub's runner (see [Log]) if the page is printed. It is not for the inside
// of a script, a style, a comment or an address.
func HTML(s string) string { return htmlEscapes.Replace(Text(s)) }

// htmlEscapes are the characters by which a parser leaves text or a quoted attribute
// (https://html.spec.whatwg.org/multipage/parsing.html, 13.2.5.1 and 13.2.5.36 f.), the
// one that old ones took for the end of an attribute, and the marks of the runner.
var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "`", "&#96;",
	"##[", "##&#91;", "::", ":&#58;")
