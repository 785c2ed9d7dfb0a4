using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class TokenizerConfigTests
{
    [TestMethod]
    [DataRow("""{"bos_token": "<s>", "eos_token": {"content": "</s>", "special": true}}""", "<s>", "</s>")]
    [DataRow("""{"bos_token": null}""", null, null)]
    public void Tokens_are_strings_objects_or_absent(string json, string? bos, string? eos)
    {
        Assert.AreEqual(new TokenizerConfig(bos, eos), Load(json));
    }

    [TestMethod]
    [DataRow("{\"bos_token\": 3}", "$.bos_token")]
    [DataRow("{\"eos_token\": {\"id\": 3}}", "$.eos_token")]
    [DataRow("[]", "$")]
    [DataRow("{\"bos", "$")]
    public void Malformed_files_are_refused(string json, string path)
    {
        TokenizerFormatException error = Assert.ThrowsExactly<TokenizerFormatException>(() => Load(json));

        Assert.AreEqual(path, error.Path);
        StringAssert.EndsWith(error.File, TokenizerConfig.FileName, StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_directory_without_the_file_names_no_tokens()
    {
        Assert.AreEqual(new TokenizerConfig(null, null), TokenizerConfig.Load(Path.Combine(AppContext.BaseDirectory, "no such folder")));
    }

    private static TokenizerConfig Load(string json)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("llm42-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, TokenizerConfig.FileName), json);
            return TokenizerConfig.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
