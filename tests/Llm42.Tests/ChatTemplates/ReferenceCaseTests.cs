using System.Text.Json;
using Llm42.ChatTemplates;

namespace Llm42.Tests.ChatTemplates;

/// <summary>Small templates against what the Python library makes of them.</summary>
[TestClass]
public sealed class ReferenceCaseTests
{
    [TestMethod]
    public void Every_case_renders_or_fails_as_the_reference_does()
    {
        using JsonDocument file = Read();
        var clock = new ChatTemplateOptions { Clock = new StillClock() };
        using JsonDocument request = JsonDocument.Parse(file.RootElement.GetProperty("variables").GetRawText());
        var differences = new List<string>();
        int rendered = 0;
        int refused = 0;
        foreach (JsonElement one in file.RootElement.GetProperty("cases").EnumerateArray())
        {
            string template = one.GetProperty("template").GetString()!;
            string? expected = one.TryGetProperty("text", out JsonElement text) ? text.GetString() : null;
            string? actual;
            try
            {
                actual = ChatTemplate.Parse("case", template, new Dictionary<string, string?> { ["bos_token"] = "<s>" }, clock).Render(request.RootElement);
                rendered++;
            }
            catch (ChatTemplateException)
            {
                actual = null;
                refused++;
            }

            if (actual != expected)
                differences.Add($"{template}\n  expected {expected ?? "an error"}\n  actual   {actual ?? "an error"}");
        }

        Assert.AreEqual(0, differences.Count, string.Join('\n', differences));
        Assert.IsGreaterThan(600, rendered);
        Assert.IsGreaterThan(100, refused);
    }

    private static JsonDocument Read()
    {
        using Stream stream = typeof(ReferenceCaseTests).Assembly.GetManifestResourceStream("reference-cases.json")!;
        return JsonDocument.Parse(stream);
    }

    /// <summary>The time at which the reference's cases were rendered.</summary>
    private sealed class StillClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 7, 4, 9, 5, 6, TimeSpan.Zero);
    }
}
