"""The fields of the SII's documents, one a line, as tables that `sii_schema` reads.

Written down anew from DTE_v10.xsd, SiiTypes_v10.xsd and EnvioBOLETA_v11.xsd. Fields that a shop's documents never have
(fishing, retention, agents' settlements) are left out. Folio, stamp and signature are Paperless's to add.
"""

# The stamp repeats NmbItem and RznSocRecep, which must say something there ([X] IT1, RSR).
# Name, how often (1, ?, or a range), type. Indented: what it holds.
_ISSUER = """
    Emisor 1
      RUTEmisor 1 rut
      RznSoc 1 {name}:100
      GiroEmis 1 word:80
      Telefono 0-2 text:20
      CorreoEmisor ? text:80
      Acteco 1-4 count:6
      Sucursal ? text:20
      CdgSIISucur ? count:9
      DirOrigen ? text:70
      CmnaOrigen ? text:20
      CiudadOrigen ? text:20
      CdgVendedor ? text:60
"""
_RECEIVER = """
    Receptor 1
      RUTRecep 1 rut
      CdgIntRecep ? text:20
      RznSocRecep 1 word:100
      Extranjero ?
        NumId ? word:20
        Nacionalidad ? word:3
      GiroRecep ? text:40
      Contacto ? text:80
      CorreoRecep ? text:80
      DirRecep ? text:70
      CmnaRecep ? text:20
      CiudadRecep ? text:20
      DirPostal ? text:70
      CmnaPostal ? text:20
      CiudadPostal ? text:20
"""
_PAYMENTS = """
      FmaPago ? in:1|2|3
      FmaPagExp ? count:2
      FchCancel ? date
      MntCancel ? money
      SaldoInsol ? money
      MntPagos 0-30
        FchPago 1 date
        MntPago 1 money
        GlosaPagos ? text:40
      MedioPago ? in:CH|LT|EF|PE|TC|CF|OT
      TermPagoGlosa ? text:100
      TermPagoDias ? count:3
      FchVenc ? date
"""
_DETAIL = """
  Detalle 1-60
    NroLinDet 1 count:2
    CdgItem 0-5
      TpoCodigo 1 text:10
      VlrCodigo 1 text:35
    IndExe ? in:1|2|3|4|5|6
    NmbItem 1 word:80
    DscItem ? text:1000
    QtyItem ? decimal:12.6
    UnmdItem ? text:4
    PrcItem ? decimal:12.6
    DescuentoPct ? decimal:3.2
    DescuentoMonto ? positive
    RecargoPct ? decimal:3.2
    RecargoMonto ? positive
    MontoItem 1 {amount}
  DscRcgGlobal 0-20
    NroLinDR 1 count:20
    TpoMov 1 in:D|R
    GlosaDR ? text:45
    TpoValor 1 in:%|$
    ValorDR 1 decimal:16.2
    IndExeDR ? in:1|2
  Referencia 0-40
    NroLinRef 1 count:2
    TpoDocRef 1 word:3
    IndGlobal ? in:1
    FolioRef 1 word:18
    RUTOtr ? rut
    FchRef 1 date{since}
    CodRef ? in:1|2|3
    RazonRef ? text:90
"""
DOCUMENT = f"""
  Encabezado 1
    IdDoc 1
      TipoDTE 1 in:33|34|52|56|61
      FchEmis 1 date
      IndNoRebaja ? in:1
      TipoDespacho ? in:1|2|3
      IndTraslado ? in:1|2|3|4|5|6|7|8|9
      IndServicio ? in:1|2|3
      MntBruto ? in:1
{_PAYMENTS}{_ISSUER.format(name="text")}{_RECEIVER}
    Totales 1
      MntNeto ? money
      MntExe ? money
      TasaIVA ? decimal:3.2
      IVA ? money
      MntTotal 1 money
{_DETAIL.format(amount="money", since="")}"""
EXPORT = f"""
  Encabezado 1
    IdDoc 1
      TipoDTE 1 in:110|111|112
      FchEmis 1 date
      TipoDespacho ? in:1|2|3
      IndServicio ? in:3|4|5
{_PAYMENTS}{_ISSUER.format(name="word")}{_RECEIVER}
    Totales 1
      TpoMoneda 1 currency
      MntExe 1 amount:14.4
      MntTotal 1 amount:14.4
    OtraMoneda ?
      TpoMoneda 1 currency
      TpoCambio ? decimal:6.4
      MntExeOtrMnda ? number
      MntTotOtrMnda 1 number
{_DETAIL.format(amount="amount:14.4", since=":1950")}"""
BOLETA = """
  Encabezado 1
    IdDoc 1
      TipoDTE 1 in:39|41
      FchEmis 1 date:1
      IndServicio 1 in:1|2|3|4
      IndMntNeto ? in:2
      FchVenc ? date:1
    Emisor 1
      RUTEmisor 1 rut
      RznSocEmisor ? text:100
      GiroEmisor ? text:80
      CdgSIISucur ? count:9
      DirOrigen ? text:70
      CmnaOrigen ? text:20
      CiudadOrigen ? text:20
    Receptor 1
      RUTRecep 1 rut
      CdgIntRecep ? text:20
      RznSocRecep ? text:100
      Contacto ? text:80
      DirRecep ? text:70
      CmnaRecep ? text:20
      CiudadRecep ? text:20
    Totales 1
      MntNeto ? money
      MntExe ? money
      IVA ? positive
      MntTotal 1 money
  Detalle 0-1000
    NroLinDet 1 count:
    CdgItem 0-5
      TpoCodigo 1 text:10
      VlrCodigo 1 text:35
    IndExe ? in:1|2|6
    NmbItem 1 text:80
    DscItem ? text:1000
    QtyItem ? decimal:12.6
    UnmdItem ? text:4
    PrcItem ? decimal:12.6
    DescuentoPct ? decimal:3.2
    DescuentoMonto ? money
    RecargoPct ? decimal:3.2
    RecargoMonto ? money
    MontoItem 1 money
  DscRcgGlobal 0-20
    NroLinDR 1 count:2
    TpoMov 1 in:D|R
    GlosaDR ? text:45
    TpoValor 1 in:%|$
    ValorDR 1 decimal:16.2
    IndExeDR ? in:1|2
  Referencia 0-40
    NroLinRef 1 count:2
    TpoDocRef ? text:3
    FolioRef ? text:18
    CodRef ? text:18
    RazonRef ? text:90
"""
