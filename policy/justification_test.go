package policy_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/policy"
)

func TestAGenuineReasonIsAccepted(t *testing.T) {
	for name, text := range map[string]string{
		"English":                 reason,
		"German":                  "Die Skript-Engine übersetzt Makros der Anwender zur Laufzeit in Maschinencode.",
		"French":                  "Le moteur d’expressions régulières compile les motifs en code machine à l’exécution.",
		"Japanese":                "レンダラーのV8がJavaScriptを実行時に機械語へコンパイルするため、JITなしではエディタの描画が六倍遅くなります。",
		"Chinese":                 "渲染进程中的V8引擎需要在运行时把脚本编译为本机代码，关闭即时编译后编辑器基准测试会变慢六倍，用户无法接受这样的延迟。",
		"Korean":                  "렌더러의 V8 엔진이 자바스크립트를 실행 중에 기계어로 컴파일하므로 이 권한 없이는 여섯 배 느려집니다.",
		"Arabic":                  "محرك جافاسكريبت في العارض يترجم الشيفرة إلى لغة الآلة أثناء التشغيل، وبدونه يصبح المحرر بطيئا.",
		"Hindi":                   "रेंडरर में V8 जावास्क्रिप्ट को चलते समय मशीन कोड में बदलता है, इसके बिना संपादक छह गुना धीमा हो जाता है।",
		"one that names the key":  "allow-jit is needed because LuaJIT compiles the game's level scripts while it runs.",
		"one about to-do lists":   "Todo lists are rendered by the embedded WebKit view, which compiles JavaScript.",
		"one with template types": "The emulator emits code through Xbyak::CodeArray<uint32_t> into MAP_JIT pages.",
		"one that compares":       "Interpreting runs at < 12 frames a second, compiling shaders at > 60 (measured on M1).",
		"one with a link":         "PCRE2 compiles search patterns, 8x faster on our logs: https://bench.acme.example/pcre",
		"one over several lines":  "The plug-in host loads audio units\nthat other companies sign,\nas its customers expect.",
	} {
		t.Run(name, func(t *testing.T) {
			e, s := complete(t)
			e.Justification = text
			if d := e.Defects(terms(s), day(t, "2026-11-23")); len(d) > 0 {
				t.Errorf("%q: %v", text, d)
			}
		})
	}
}

func TestWhatIsNoReasonIsRefusedHoweverLong(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"the word needed":             {"needed", "is a placeholder"},
		"what all could say":          {"Needed for the app to work properly on all machines.", "is a placeholder"},
		"n/a":                         {"n/a", "is a placeholder"},
		"none":                        {"None.", "is a placeholder"},
		"because":                     {"because", "is a placeholder"},
		"dots":                        {strings.Repeat(". ", 40), "is a placeholder"},
		"a to-do with more words":     {"TODO write this down once legal has replied to the mail", "is a placeholder"},
		"a to-do at the end":          {"The renderer compiles scripts. Todo: explain why it cannot do without", "is a placeholder"},
		"FIXME in brackets":           {"FIXME(alice): say which library is loaded and by whom it is signed", "is a placeholder"},
		"TBD":                         {"TBD by the desktop team before the release candidate ships", "is a placeholder"},
		"lorem ipsum":                 {"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do", "is a placeholder"},
		"words of every exception":    {"This entitlement is required for the application to work properly.", "is a placeholder"},
		"it crashes":                  {"The app needs this permission because otherwise it crashes at runtime.", "is a placeholder"},
		"digits":                      {"1234567890 1234567891 1234567892 1234567893", "is a placeholder"},
		"the key":                     {"com.apple.security.cs.allow-jit com.apple.security.cs.allow", "only repeats the entitlement"},
		"the key's last part":         {"We need allow-jit because the app requires JIT to be allowed to run JIT.", "only repeats the entitlement"},
		"the last part and no more":   {"The app needs to use the JIT, so allow JIT for this app please.", "only repeats the entitlement"},
		"one word again and again":    {strings.Repeat("performance ", 8), "repeats itself"},
		"one character":               {strings.Repeat("x", 60), "repeats itself"},
		"a sentence pasted twice":     {"Scripts are compiled. Scripts are compiled. Scripts are", "repeats itself"},
		"a keyboard's row":            {strings.Repeat("asdfjkl", 8), "repeats itself"},
		"a template":                  {"<say what the code does that needs this, in 40 characters or more>", "left to fill in"},
		"a template within words":     {"The renderer needs <the entitlement> because <reason for the exception>", "left to fill in"},
		"a link":                      {"https://github.com/acme/app/issues/4821 and https://acme.example", "is only a link"},
		"a pointer to a ticket":       {"See the ticket for details: https://github.com/acme/app/issues/4821", "is only a link"},
		"a link's text in an error":   {"needed for JIT, see https://github.com/acme/app/issues/4821", "is only a link"},
		"characters that do not show": {strings.Repeat("\u200b", 50) + "V8", "is too short: 2 of at least 40"},
	} {
		t.Run(name, func(t *testing.T) {
			e, s := complete(t)
			e.Justification = tt.text
			var got []string
			for _, d := range e.Defects(terms(s), day(t, "2026-11-23")) {
				got = append(got, d.Message)
			}
			if !strings.Contains(strings.Join(got, "; "), tt.want) {
				t.Errorf("%q: defects %q, want one that %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestAMissingJustificationIsToldOnce(t *testing.T) {
	e := policy.Exception{Justification: "\u200b \t"}
	n := 0
	for _, d := range e.Defects(policy.Terms{MinJustification: 40}, policy.Date{}) {
		if d.Field == "justification" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d defects of the justification, want 1", n)
	}
}
