using Llm42.Testing;
using Llm42.Tests.Engine;

namespace Llm42.Tests.Models.Reference;

/// <summary>The reference forward pass against the answers of another one.</summary>
[TestClass]
public sealed class ReferenceModelTests
{
    // The files hold six digits behind the point.
    private const double Digits = 1.01e-6;

    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public void Two_references_agree_to_the_last_digit(string name)
    {
        var model = ReferenceModel.Load(Architectures.Folder(name));
        foreach (var item in Golden.Read("data", "arch", name, "golden.json").GetProperty("cases").EnumerateArray())
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            var greedy = item.GetProperty("greedy").Integers();
            var rows = model.Run([.. prompt, .. greedy]).Logits;
            for (var position = 0; position < prompt.Length; position++)
            {
                foreach (var (id, logit) in item.GetProperty("top8")[position].Logits())
                    Assert.AreEqual(logit, rows[position][id], Digits, $"{name}, {prompt.Length} tokens, position {position}, token {id}");
            }
            var last = item.GetProperty("last_logits");
            for (var id = 0; id < last.GetArrayLength(); id++)
                Assert.AreEqual(last[id].GetDouble(), rows[prompt.Length - 1][id], Digits, $"{name}, {prompt.Length} tokens, token {id}");
            for (var step = 0; step < greedy.Length; step++)
            {
                var (token, gap) = LogitAssert.Top(rows[prompt.Length - 1 + step]);
                Assert.AreEqual(greedy[step], token, $"{name}, {prompt.Length} tokens, step {step}");
                Assert.AreEqual(item.GetProperty("gaps")[step].GetDouble(), gap, Digits, $"{name}, {prompt.Length} tokens, step {step}");
            }
        }
    }
}
