using System.Reflection;
using Llm42.Testing;

namespace Llm42.Extensions.Tests.PublicApi;

/// <summary>What users of the packages can see changes only where somebody means it to.</summary>
[TestClass]
public sealed class PublicApiTests
{
    private const string Folder = "tests/Llm42.Extensions.Tests/PublicApi";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("Llm42")]
    [DataRow("Llm42.Core")]
    [DataRow("Llm42.Extensions.AI")]
    [DataRow("Llm42.Extensions.Hosting")]
    [DataRow("Llm42.Native")]
    [DataRow("Llm42.Server")]
    public async Task Public_members_are_those_that_are_listed(string package)
    {
        string actual = PublicMembers.Of(Assembly.Load(package));
        string file = RepositoryRoot.InRoot($"{Folder}/{package}.txt");
        string expected = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.CancellationToken) : "";
        if (expected.ReplaceLineEndings("\n") == actual)
            return;

        string written = RepositoryRoot.InRoot($"artifacts/public-api/{package}.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(written)!);
        await File.WriteAllTextAsync(written, actual, TestContext.CancellationToken);
        string[] before = expected.ReplaceLineEndings("\n").Split('\n');
        string[] after = actual.Split('\n');
        Assert.Fail(
            $"The public members of {package} are not those in {Folder}/{package}.txt. If that is meant, copy artifacts/public-api/{package}.txt there.\n"
            + string.Join('\n', [.. before.Except(after).Select(line => $"- {line}"), .. after.Except(before).Select(line => $"+ {line}")]));
    }

    [TestMethod]
    public void Listing_shows_what_users_see()
    {
        string text = PublicMembers.Of(typeof(InferenceEngine).Assembly);
        StringAssert.Contains(text, "\nsealed class Llm42.InferenceEngine : IAsyncDisposable, IDisposable\n", StringComparison.Ordinal);
        StringAssert.Contains(
            text,
            "\n  Task<Llm42.GenerationResult> CompleteAsync(String prompt, Llm42.GenerationOptions? options = default, CancellationToken cancellationToken = default)\n",
            StringComparison.Ordinal);
        StringAssert.Contains(text, "\n  Int32? MaxTokens { get; init; }\n", StringComparison.Ordinal);
        Assert.IsFalse(text.Contains("RequestBuilder", StringComparison.Ordinal), "internal types are listed");
    }
}
