using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class LinearTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        DType[] types = [DType.F32, DType.F16, DType.Bf16];
        (int Rows, int Columns, int Outputs)[] shapes =
            [(1, 1, 2), (1, 64, 48), (3, 7, 2), (5, 31, 34), (13, 100, 66), (33, 257, 130), (2, 1030, 6)];
        foreach ((int rows, int columns, int outputs) in shapes)
        {
            foreach (DType type in types)
            {
                foreach (Epilogue epilogue in Enum.GetValues<Epilogue>())
                {
                    foreach (bool bias in (bool[])[false, true])
                    {
                        Check(device, LinearCase.Create(rows, columns, outputs, type, epilogue, bias), Numerics.Invariant);
                    }
                }
            }

            Check(device, LinearCase.Create(rows, columns, outputs), Numerics.Fast);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType type in (DType[])[DType.F32, DType.Bf16])
        {
            foreach ((int columns, int outputs, Epilogue epilogue) in ((int, int, Epilogue)[])[
                (257, 130, Epilogue.None), (96, 66, Epilogue.SwiGlu), (33, 17, Epilogue.Residual), (1500, 5, Epilogue.None)])
            {
                LinearCase all = LinearCase.Create(100, columns, outputs, type, epilogue, bias: true, seed: columns);
                NativeWeight weight = all.Pack(device);
                RowInvariance.Assert(
                    all.Rows, all.Width, $"{name} {type} K={columns} N={outputs} {epilogue}",
                    rows => all.Run(device, weight, rows, Numerics.Invariant));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_of_a_long_prompt_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase all = LinearCase.Create(1100, 200, 33, DType.Bf16, bias: true, seed: 12);
        NativeWeight weight = all.Pack(device);
        float[] whole = all.Run(device, weight, [.. Enumerable.Range(0, all.Rows)], Numerics.Invariant);
        foreach (int row in (int[])[0, 1, 479, 480, 481, 549, 550, 551, 959, 960, 1098, 1099])
        {
            BitAssert.AreEqual(
                all.Run(device, weight, [row], Numerics.Invariant), whole.AsSpan(row * all.Width, all.Width), all.Width,
                $"{name} row {row} of {all.Rows}");
        }

        foreach (int rows in (int[])[128, 255, 480, 481, 700])
        {
            BitAssert.AreEqual(
                whole.AsSpan(0, rows * all.Width), all.Run(device, weight, [.. Enumerable.Range(0, rows)], Numerics.Invariant),
                all.Width, $"{name} first {rows} rows of {all.Rows}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_format_rounds_the_source(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType source in (DType[])[DType.F32, DType.F16, DType.Bf16])
        {
            foreach (DType format in device.WeightTypes)
            {
                LinearCase given = LinearCase.Create(3, 37, 11, source);
                NativeWeight weight = device.Own(NativeWeight.Create<byte>(
                    device.Stream, new NativeWeightOptions { SourceType = source, Format = format, Columns = 37 },
                    Elements.Encode(given.Weight, source), 11));
                NativeWeight rounded = device.Weight(Elements.Round(given.Weight, format), 11, 37, format);
                Assert.AreEqual(format, weight.Format);
                BitAssert.AreEqual(
                    given.Run(device, rounded, [0, 1, 2], Numerics.Invariant),
                    given.Run(device, weight, [0, 1, 2], Numerics.Invariant), given.Width, $"{name} {source} as {format}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void What_is_not_finite_stays_in_its_row(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase clean = LinearCase.Create(40, 65, 34, DType.Bf16, seed: 21);
        float[] expected = clean.Run(device, Numerics.Invariant);
        Array.Fill(clean.Input, float.NaN, 17 * 65, 65);
        clean.Input[30 * 65 + 64] = float.PositiveInfinity;
        float[] actual = clean.Run(device, Numerics.Invariant);
        for (int row = 0; row < 40; ++row)
        {
            if (row is 17 or 30)
            {
                Assert.IsFalse(float.IsFinite(actual[row * clean.Width]), $"{name} row {row}");
            }
            else
            {
                BitAssert.AreEqual(
                    expected.AsSpan(row * clean.Width, clean.Width), actual.AsSpan(row * clean.Width, clean.Width),
                    clean.Width, $"{name} row {row}");
            }
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (DType type in (DType[])[DType.F32, DType.F16, DType.Bf16])
        {
            LinearCase all = LinearCase.Create(27, 517, 142, type, Epilogue.SwiGlu, bias: true, seed: 5);
            DeviceMatrix.AssertSameBitsOnEveryCpu(all.Width, device => all.Run(device, Numerics.Invariant));
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Strides_skip_what_lies_between_the_rows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int rows = 7, columns = 20, outputs = 12, inputStride = 23, outputStride = 15, residualStride = 14;
        LinearCase dense = LinearCase.Create(rows, columns, outputs, DType.Bf16, Epilogue.Residual);
        float[] expected = dense.Run(device, Numerics.Invariant);

        float[] output = TestData.Floats(rows * outputStride, 9);
        NativeBuffer input = device.Activations(Spread(dense.Input, columns, inputStride));
        NativeBuffer residual = device.Activations(Spread(dense.Residual!, outputs, residualStride));
        NativeBuffer written = device.Activations(output);
        Operators.Linear(device.Stream, new LinearArguments
        {
            Rows = rows,
            Numerics = Numerics.Invariant,
            Epilogue = Epilogue.Residual,
            Weight = dense.Pack(device),
            Input = input,
            InputStride = inputStride,
            Residual = residual,
            ResidualStride = residualStride,
            Output = written,
            OutputStride = outputStride,
        });

        float[] actual = device.ReadActivations(written, output.Length);
        float[] untouched = device.AsActivations(output);
        for (int r = 0; r < rows; ++r)
        {
            BitAssert.AreEqual(
                expected.AsSpan(r * outputs, outputs), actual.AsSpan(r * outputStride, outputs), outputs, $"row {r}");
            BitAssert.AreEqual(
                untouched.AsSpan(r * outputStride + outputs, outputStride - outputs),
                actual.AsSpan(r * outputStride + outputs, outputStride - outputs), 1, $"gap behind row {r}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void The_residual_may_be_the_output_itself(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase apart = LinearCase.Create(9, 40, 18, DType.Bf16, Epilogue.Residual);
        float[] expected = apart.Run(device, Numerics.Invariant);
        NativeBuffer output = device.Activations(apart.Residual!);
        Operators.Linear(device.Stream, new LinearArguments
        {
            Rows = apart.Rows,
            Numerics = Numerics.Invariant,
            Epilogue = Epilogue.Residual,
            Weight = apart.Pack(device),
            Input = device.Activations(apart.Input),
            Residual = output,
            Output = output,
        });
        BitAssert.AreEqual(expected, device.ReadActivations(output, expected.Length), apart.Width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Parts_of_a_weight_are_its_rows_one_after_the_other(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase whole = LinearCase.Create(4, 24, 21, DType.F16);
        DType format = device.WeightType(DType.F16);
        float[] expected = whole.Run(device, Numerics.Invariant);
        byte[] bytes = Elements.Encode(whole.Weight, DType.F16);
        NativeWeight joined;
        unsafe
        {
            // An odd address: parts need no alignment.
            byte[] shifted = [0, .. bytes];
            fixed (byte* data = &shifted[1])
            {
                const int row = 24 * 2;
                joined = device.Own(NativeWeight.Create(
                    device.Stream,
                    new NativeWeightOptions { SourceType = DType.F16, Format = format, Columns = 24 },
                    [new((nint)data, 5 * row, 5), new((nint)(data + 5 * row), row, 1), new((nint)(data + 6 * row), 15 * row, 15)]));
            }
        }

        Assert.AreEqual(21L, joined.Rows);
        Assert.AreEqual(24, joined.Columns);
        Assert.AreEqual(format, joined.Format);
        float[] actual = whole.Run(device, joined, [0, 1, 2, 3], Numerics.Invariant);
        BitAssert.AreEqual(expected, actual, whole.Width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void No_rows_is_no_work(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        LinearCase none = LinearCase.Create(0, 8, 8);
        Assert.IsEmpty(none.Run(device, Numerics.Invariant));
    }

    private static void Check(TestDevice device, LinearCase given, Numerics numerics)
    {
        foreach (DType outputType in (DType[])[DType.Default, DType.F32])
        {
            LinearCase one = new()
            {
                Rows = given.Rows,
                Columns = given.Columns,
                Outputs = given.Outputs,
                Input = device.AsActivations(given.Input),
                Weight = device.AsWeight(given.Weight, given.Type),
                Type = given.Type,
                Bias = given.Bias,
                Residual = given.Residual is null ? null : device.AsActivations(given.Residual),
                Epilogue = given.Epilogue,
                OutputType = outputType,
            };
            LinearReference reference = LinearReference.Compute(
                one.Input, one.Weight, one.Rows, one.Columns, one.Outputs, one.Bias, one.Residual);
            if (one.Epilogue == Epilogue.SwiGlu)
            {
                reference = reference.SwiGlu(one.Rows, one.Outputs);
            }

            double unit = ActivationError.Of(outputType == DType.F32 ? DType.F32 : device.Info.ActivationType);
            ToleranceAssert.AreClose(
                reference.Output, one.Run(device, numerics),
                i => reference.Errors[i] + unit * Math.Abs(reference.Output[i]), one.Width,
                $"{device.Name} {one.Type} M={one.Rows} K={one.Columns} N={one.Outputs} {one.Epilogue} {numerics}");
        }
    }

    private static float[] Spread(float[] dense, int width, int stride)
    {
        int rows = dense.Length / width;
        float[] spread = new float[rows * stride];
        Array.Fill(spread, float.NaN);
        for (int r = 0; r < rows; ++r)
        {
            Array.Copy(dense, r * width, spread, r * stride, width);
        }

        return spread;
    }
}
