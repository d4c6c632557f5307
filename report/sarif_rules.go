package report

import (
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/policy"
)

// sarifRules returns the rules in the order of [check.Rules].
func sarifRules() []sarifRule {
	var list []sarifRule
	for _, r := range check.Rules() {
		severity, page := securitySeverity(r.ID), docs.Anywhere(r.ID)
		tags := []string{"code-signing", "entitlements", "macos"}
		if severity != "" {
			tags = append(tags, "security") // without it GitHub passes over the severity
		}
		list = append(list, sarifRule{
			ID: r.ID, Name: pascalCase(r.ID),
			ShortDescription: sarifText{r.Title},
			FullDescription:  sarifText{oneLine(docs.Section(page, "What it means"))},
			Help:             sarifHelp{Text: page, Markdown: page},
			HelpURI:          docURL(r.ID),
			Configuration:    sarifConfiguration{r.Level},
			Properties: sarifRuleProperties{
				Tags: tags, Precision: "very-high", ProblemSeverity: problemSeverity(r.Level), SecuritySeverity: severity,
			},
		})
	}
	return list
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// problemSeverity returns GitHub's word for a level.
func problemSeverity(l policy.Level) string {
	if l == policy.Note {
		return "recommendation"
	}
	return string(l)
}

// securitySeverity is over 0 up to 10 as in CVSS, of which GitHub makes critical
// (over 9), high (from 7), medium (from 4) and low. Rules that are about the upkeep
// of a policy, or about style, have none.
func securitySeverity(rule string) string {
	switch rule {
	case check.RuleAmbiguousBinary, check.RuleAmbiguousSignature, check.RuleAmbiguousEntitlements, check.RuleEntitlementsDiffer:
		return "8.5" // hides from one reader what another one grants
	case check.RuleDenied, check.RuleTeamNotAllowed, check.RuleUnboundBlob, check.RuleSlotMismatch:
		return "8.0"
	case check.RuleUnapproved, check.RuleInvalidException, check.RuleExpiredException,
		check.RuleUnsigned, check.RuleNoHardenedRuntime, check.RuleMalformedSignature, check.RuleMalformedEntitlements:
		return "7.0"
	case check.RuleUnreadable, check.RuleUnsupportedFileSystem, check.RuleMissingBlob, check.RuleSlicesDiffer:
		return "5.0"
	case check.RuleLinkOutside:
		return "3.0"
	}
	return ""
}

// pascalCase returns a rule's id as SARIF wants names: UnapprovedEntitlement.
func pascalCase(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
