using Llm42.ChatTemplates;

namespace Llm42.Tests.ChatTemplates;

/// <summary>What a hostile template would use up is refused, with an error that names the limit.</summary>
[TestClass]
public sealed class TemplateLimitTests
{
    /// <summary>Limits that are reached quickly.</summary>
    private static readonly ChatTemplateOptions Small = new()
    {
        Limits = new ChatTemplateLimits { MaximumSteps = 1_000_000, MaximumOutputLength = 1 << 20, MaximumValueLength = 1 << 20, MaximumAllocation = 64L << 20 },
    };

    [TestMethod]
    [DataRow("{{ 'a' * 10**9 }}", "1048576 is the limit")]
    [DataRow("{{ 'a' * 10**30 }}", "is the limit")]
    [DataRow("{{ [1] * 10**9 }}", "1048576 is the limit")]
    [DataRow("{{ [1, 2] * 10**30 }}", "is the limit")]
    [DataRow("{{ range(10**9) }}", "100000 is the limit")]
    [DataRow("{{ range(-10**30, 10**30) }}", "is the limit")]
    [DataRow("{{ range(10**30, 10**30 + 1) }}", "is the limit")]
    [DataRow("{{ 10 ** 100 ** 100 }}", "14284 bits")]
    [DataRow("{{ 2 ** 20000 }}", "14284 bits")]
    [DataRow("{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "14284 bits")]
    [DataRow("{% set ns = namespace(x='abcd') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "1048576 is the limit")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "is the limit")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "nested deeper than 200")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", "is the limit")]
    [DataRow("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}", "is the limit")]
    [DataRow("{% set a = namespace(x=(1,)) %}{% set b = namespace(x=(1,)) %}{% for i in range(60) %}{% set a.x = (a.x, a.x) %}{% set b.x = (b.x, b.x) %}{% endfor %}{{ a.x == b.x }}", "steps")]
    [DataRow("{% set a = namespace(x=(1,)) %}{% for i in range(60) %}{% set a.x = (a.x, a.x) %}{% endfor %}{{ {a.x: 1} }}", "steps")]
    [DataRow("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "too deep")]
    [DataRow("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested deeper than 200")]
    [DataRow("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{{ caller }}{% endmacro %}{{ m() }}", "nested deeper than 200")]
    [DataRow("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "nested deeper than 200")]
    [DataRow("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "1000000 steps")]
    [DataRow("{% set s = 'ab' * 400000 %}{% for a in range(100000) %}{% if 'ba' * 50 in s %}{% endif %}{% endfor %}", "is the limit")]
    [DataRow("{% set s = 'ab' * 400000 %}{% for a in range(100000) %}{% if s.find('b' * 9) %}{% endif %}{% endfor %}", "is the limit")]
    [DataRow("{% set s = 'a' * 10000 %}{% for a in range(100000) %}{{ s }}{% endfor %}", "the prompt is longer than 1048576")]
    [DataRow("{% set s = 'a' * 100000 %}{{ s.replace('', s) }}", "is the limit")]
    [DataRow("{% set s = 'a' * 100000 %}{{ s.join(range(100000)|map('string')) }}", "is the limit")]
    [DataRow("{% set s = 'a' * 100000 %}{{ range(100000)|join(s) }}", "is the limit")]
    [DataRow("{{ '%1000000000d' % 1 }}", "is the limit")]
    [DataRow("{{ '%.1000000000f' % 1 }}", "is the limit")]
    [DataRow("{{ '{:1000000000}'.format(1) }}", "is the limit")]
    [DataRow("{{ 'a'.center(10**9) }}", "is the limit")]
    [DataRow("{{ '\t'.expandtabs(10**9) }}", "is the limit")]
    [DataRow("{{ ('x\n' * 100000)|indent(10**9) }}", "is the limit")]
    [DataRow("{{ [1]|tojson(indent=10**9) }}", "is the limit")]
    [DataRow("{{ [1]|batch(10**9, 'x')|list }}", "is the limit")]
    [DataRow("{{ [1]|slice(10**9)|list }}", "limit")]
    public void Growth_is_bounded(string template, string named)
    {
        string message = Templates.Refused(template, options: Small).Message;
        StringAssert.Contains(message, named, StringComparison.Ordinal, template);
    }

    [TestMethod]
    [DataRow("(", "1", ")")]
    [DataRow("[", "1", "]")]
    [DataRow("{1:", "1", "}")]
    [DataRow("not ", "1", "")]
    [DataRow("-", "1", "")]
    [DataRow("a[", "1", "]")]
    [DataRow("a(", "1", ")")]
    [DataRow("1|d(", "1", ")")]
    [DataRow("1 if 1 else ", "1", "")]
    [DataRow("1 + ", "1", "")]
    [DataRow("1 and ", "1", "")]
    [DataRow("", "1", "|abs")]
    [DataRow("", "a", ".b")]
    [DataRow("", "1", "**1")]
    public void Deep_expressions_are_refused_or_rendered(string before, string inner, string after)
    {
        foreach (int depth in (int[])[1000, 20_000])
        {
            string expression = string.Concat(Enumerable.Repeat(before, depth)) + inner + string.Concat(Enumerable.Repeat(after, depth));
            try
            {
                Templates.Render("{{ " + expression + " }}");
            }
            catch (ChatTemplateException)
            {
                // The expected answer of those that nest; any other exception, and a crash, fails the test.
            }
        }
    }

    [TestMethod]
    public void Deep_statements_are_refused()
    {
        foreach (string statement in (string[])["if 1", "for x in [1]", "macro m()", "with", "set x", "filter upper", "call m()", "generation"])
        {
            string template = string.Concat(Enumerable.Repeat("{% " + statement + " %}", 20_000));
            StringAssert.Contains(Templates.Refused(template).Message, "nested deeper than 200", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void Deep_requests_are_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 300)) + string.Concat(Enumerable.Repeat("]", 300));
        using var request = System.Text.Json.JsonDocument.Parse(
            $"{{\"messages\":[],\"x\":{deep}}}", new System.Text.Json.JsonDocumentOptions { MaxDepth = 1000 });
        ChatTemplate template = ChatTemplate.Parse("test", "{{ x }}");
        ChatTemplateException error = Assert.ThrowsExactly<ChatTemplateException>(() => template.Render(request.RootElement));
        StringAssert.Contains(error.Message, "nested deeper than 200", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Limits_are_the_callers()
    {
        var options = new ChatTemplateOptions
        {
            Limits = new ChatTemplateLimits { MaximumTemplateLength = 100, MaximumSteps = 50, MaximumOutputLength = 10, MaximumValueLength = 20 },
        };
        Assert.AreEqual("0123456789", Templates.Render("{{ '0123456789' }}", options: options));
        StringAssert.Contains(Templates.Refused("{{ '01234567890' }}", options: options).Message, "longer than 10 characters", StringComparison.Ordinal);
        StringAssert.Contains(Templates.Refused("{{ ('a' * 21)|length }}", options: options).Message, "20 is the limit", StringComparison.Ordinal);
        StringAssert.Contains(Templates.Refused("{% for i in range(50) %}{% endfor %}", options: options).Message, "50 steps", StringComparison.Ordinal);
        StringAssert.Contains(Templates.Refused(new string('a', 101), options: options).Message, "101 characters; 100 is the limit", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Limits_that_nobody_set_hold_too()
    {
        StringAssert.Contains(Templates.Refused("{{ ('a' * 2**24)|length }}{{ 'a' * (2**24 + 1) }}").Message, "16777216 is the limit", StringComparison.Ordinal);
        StringAssert.Contains(
            Templates.Refused("{% set s = 'a' * 2**23 %}{% for i in range(1000) %}{% set x = s ~ i %}{% endfor %}").Message, "536870912 bytes", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Nothing_of_the_runtime_can_be_reached()
    {
        foreach (string name in (string[])["__class__", "__globals__", "GetType", "Text", "Value", "Items", "mro", "func_globals"])
        {
            foreach (string owner in (string[])["''", "[]", "{}", "range", "''.upper", "namespace()", "1", "none", "cycler(1)", "messages"])
                Assert.AreEqual("", Templates.Render($"{{{{ ({owner}).{name} }}}}{{{{ ({owner})['{name}'] }}}}"), $"{owner} {name}");
        }
    }
}
