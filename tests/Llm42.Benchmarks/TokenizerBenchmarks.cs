using System.Text;
using BenchmarkDotNet.Attributes;
using Llm42.Tokenization;

namespace Llm42.Benchmarks;

/// <summary>Encoding on one thread with real tokenizers; needs the test data in ../shared.</summary>
[MemoryDiagnoser]
public class TokenizerBenchmarks
{
    private BpeTokenizer _tokenizer = null!;
    private string _text = null!;
    private int[] _ids = null!;

    /// <summary>The folder of the tokenizer.</summary>
    [Params("qwen3", "llama3_1", "llama2")]
    public string Tokenizer { get; set; } = "";

    /// <summary>What is encoded: a megabyte of English, the same with typographic quotes, or of one letter.</summary>
    [Params("english", "quotes", "letter")]
    public string Text { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        string data = Path.Combine(SharedFolder(), "data");
        _tokenizer = TokenizerJson.Load(Path.Combine(data, "tokenizers", Tokenizer));
        string english = File.ReadAllText(Path.Combine(data, "text", "tinyshakespeare.txt"), Encoding.UTF8)[..1_000_000];
        _text = Text switch
        {
            "english" => english,
            "quotes" => english.Replace('\'', '\u2019'),
            _ => new string('a', 1_000_000),
        };
        _ids = _tokenizer.Encode(_text, addSpecialTokens: false);
    }

    /// <summary>A megabyte in one call: 200 ms are 5 MB/s.</summary>
    [Benchmark]
    public int Encode() => _tokenizer.Encode(_text, addSpecialTokens: false).Length;

    [Benchmark]
    public int Decode() => _tokenizer.Decode(_ids, skipSpecialTokens: true).Length;

    private static string SharedFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !Directory.Exists(Path.Combine(folder, "shared", "data")))
            folder = Path.GetDirectoryName(folder);
        return folder is null
            ? throw new DirectoryNotFoundException("There is no folder shared/data above the benchmarks.")
            : Path.Combine(folder, "shared");
    }
}
