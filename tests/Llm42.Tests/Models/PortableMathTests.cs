using Llm42.Models.Rope;

namespace Llm42.Tests.Models;

[TestClass]
public sealed class PortableMathTests
{
    [TestMethod]
    public void Sine_and_cosine_agree_with_the_library()
    {
        foreach (var angle in Samples(1e7).Append(0))
        {
            var (sin, cos) = PortableMath.SinCos(angle);
            Assert.AreEqual(Math.Sin(angle), sin, 1e-15, $"sin {angle:R}");
            Assert.AreEqual(Math.Cos(angle), cos, 1e-15, $"cos {angle:R}");
        }
    }

    [TestMethod]
    public void Exponential_and_logarithm_agree_with_the_library()
    {
        foreach (var x in Samples(1e12))
        {
            Assert.AreEqual(Math.Log(x), PortableMath.Log(x), 1e-15 * Math.Max(1, Math.Abs(Math.Log(x))), $"log {x:R}");
            var y = Math.Log(x);
            Assert.AreEqual(1, PortableMath.Exp(-y) / Math.Exp(-y), 1e-15, $"exp {-y:R}");
        }
    }

    [TestMethod]
    public void Powers_agree_with_the_library()
    {
        foreach (var theta in new[] { 1.0, 100, 10000, 500000, 1e6, 1e12 })
        {
            for (var i = 0; i < 128; i++)
                Assert.AreEqual(1, PortableMath.Pow(theta, -i / 128.0) / Math.Pow(theta, -i / 128.0), 1e-14, $"{theta} {i}");
        }
    }

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    [DataRow(-1.0)]
    public void Values_out_of_range_are_refused(double x)
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => PortableMath.SinCos(x));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => PortableMath.Log(x));
    }

    // The bits are a promise: a change of them is a change of the numerics profile.
    [TestMethod]
    public void The_table_has_the_bits_that_it_always_had()
    {
        var rope = RopeConfig.Of(500000, 128, new Llama3Scaling(8, 1, 4, 8192));
        var hash = 14695981039346656037UL;
        var row = new float[128];
        for (var position = 0; position < 131072; position += 97)
        {
            RopeTable.Fill(rope, position, row);
            foreach (var value in row)
                hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211UL;
        }
        Assert.AreEqual(5043700386680744565UL, hash);
    }

    [TestMethod]
    public void A_row_holds_cosines_then_sines()
    {
        var rope = RopeConfig.Of(10000, 4, RopeScaling.None);
        var rows = new float[8];
        RopeTable.Fill(rope, 2, rows);
        var expected = new[]
        {
            Math.Cos(2), Math.Cos(0.02), Math.Sin(2), Math.Sin(0.02), Math.Cos(3), Math.Cos(0.03), Math.Sin(3), Math.Sin(0.03),
        };
        CollectionAssert.AreEqual(expected.Select(x => (float)x).ToArray(), rows);
    }

    private static IEnumerable<double> Samples(double largest)
    {
        var random = new Random(42);
        for (var i = 0; i < 20000; i++)
            yield return Math.Exp(random.NextDouble() * (Math.Log(largest) + 12) - 12);
    }
}
